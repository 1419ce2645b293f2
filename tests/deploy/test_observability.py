"""That Prometheus and Grafana ask for what the service tells: names and labels."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from tests.e2e.server import ROOT
from tests.strokes import draw, encode

DEPLOY = ROOT / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana/provisioning/dashboards/inkling.json").read_text())
RULES = yaml.safe_load((DEPLOY / "prometheus/rules.yml").read_text())
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
#: PromQL's words that may stand where a metric could.
WORDS = {"and", "or", "unless", "offset", "bool", "by", "without"}
#: What Prometheus itself adds to every series.
ADDED = {"job", "instance"}
#: Told by Prometheus, not by us.
FOREIGN = {"up"}


def queries() -> Iterator[str]:
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel.get("targets", []))
    for variable in DASHBOARD["templating"]["list"]:
        (metric, label) = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["definition"]).groups()
        yield f"sum by ({label}) ({metric})"
    for group in RULES["groups"]:
        yield from (rule["expr"] for rule in group["rules"])


def metrics_in(query: str) -> set[str]:
    """Return the metrics that a PromQL query names."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\b(?:by|without)\s*\([^)]*\)", "", query)
    return set(re.findall(r"(?<![\w:])[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])", bare)) - WORDS


def labels_in(query: str) -> set[str]:
    """Return the labels that a PromQL query matches or groups by."""
    matched = re.findall(r"(\w+)\s*(?:=~|!=|!~|=)\s*\"", query)
    grouped = re.findall(r"\b(?:by|without)\s*\(([^)]*)\)", query)
    return {*matched, *(label.strip() for group in grouped for label in group.split(","))}


@pytest.fixture(scope="module")
def told(client: TestClient) -> dict[str, set[str]]:
    """Every metric of a service that has answered, with its labels."""
    client.post("/predict/digit", files={"file": encode(draw("7"))})
    client.get("/metrics")
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def test_the_queries_are_read_as_they_are_meant() -> None:
    query = 'histogram_quantile(0.9, sum by (le) (rate(a_bucket{m=~"x"}[5m]))) / b offset 1d > 0.1 and c'
    assert metrics_in(query) == {"a_bucket", "b", "c"}
    assert labels_in(query) == {"le", "m"}


@pytest.mark.parametrize("query", sorted(set(queries())))
def test_every_metric_and_label_of_a_query_exists(told: dict[str, set[str]], query: str) -> None:
    named = metrics_in(query) - FOREIGN
    assert named <= told.keys()
    assert named or "up" in query
    for metric in named:
        assert labels_in(query) <= told[metric] | ADDED, metric


def test_every_metric_of_ours_is_documented(told: dict[str, set[str]]) -> None:
    page = (ROOT / "docs/metrics.md").read_text()
    for name in told:
        family = re.sub(r"_(?:bucket|count|sum)$", "", name)
        assert f"`{family}`" in page or name.startswith("process_"), name


def test_every_alert_says_what_is_wrong_and_how_bad_that_is() -> None:
    for group in RULES["groups"]:
        for rule in group["rules"]:
            assert rule["annotations"]["summary"]
            assert rule["labels"]["severity"] in {"page", "ticket"}
            assert rule["for"]


def test_panels_have_titles_ids_of_their_own_and_do_not_overlap() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        assert panel["title"]
        at = panel["gridPos"]
        cells = {(at["x"] + right, at["y"] + down) for right in range(at["w"]) for down in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells


def test_grafana_finds_prometheus_and_prometheus_finds_the_service() -> None:
    (source,) = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yml").read_text())["datasources"]
    asked = {panel["datasource"]["uid"] for panel in DASHBOARD["panels"] if "datasource" in panel}
    assert asked == {source["uid"]}
    assert source["url"] == "http://prometheus:9090"
    scrapes = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    (job,) = scrapes["scrape_configs"]
    assert job["job_name"] == "inkling"
    assert job["static_configs"] == [{"targets": ["inkling:8000"]}]
    assert all((DEPLOY / "prometheus" / name).is_file() for name in scrapes["rule_files"])
    assert {"inkling", "prometheus", "grafana"} <= COMPOSE["services"].keys()


def test_what_is_mounted_exists_and_nothing_starts_unasked() -> None:
    for name, service in COMPOSE["services"].items():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source in COMPOSE["volumes"] or (ROOT / source).is_dir(), volume
        assert service["read_only"]
        assert service["mem_limit"]
        if name != "inkling":
            assert service["profiles"]
        if "build" not in service:
            assert service["profiles"] == ["observability"]
            assert re.search(r":v?\d+\.\d+\.\d+$", service["image"])
            assert all(port.startswith("127.0.0.1:") for port in service["ports"])
