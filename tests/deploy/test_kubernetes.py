"""That `deploy/kubernetes` fits Kubernetes' schemas, itself, and the service: paths, ports, options, times, metrics."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from dotenv import dotenv_values
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from app.settings import Settings, variable
from tests.e2e.server import ROOT

KUBERNETES = ROOT / "deploy" / "kubernetes"
BASE = KUBERNETES / "base"
MONITOR = KUBERNETES / "components" / "service-monitor"
QUEUE = KUBERNETES / "components" / "scale-on-queue"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
#: The oldest that has what the manifests use, and the newest that the schemas are at hand of.
VERSIONS = ("1.30", "1.37")
#: Of others, so that Kubernetes has no schema of it.
FOREIGN = {"ServiceMonitor"}
Resource = dict[str, Any]


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def of_kind(resources: list[Resource], kind: str) -> Resource:
    (found,) = [resource for resource in resources if resource["kind"] == kind]
    return found


KUSTOMIZATION = load(BASE / "kustomization.yaml")
RESOURCES = [load(BASE / name) for name in KUSTOMIZATION["resources"]]
DEPLOYMENT, SERVICE, AUTOSCALER, BUDGET, POLICY = (
    of_kind(RESOURCES, kind)
    for kind in ("Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy")
)
POD = DEPLOYMENT["spec"]["template"]["spec"]
LABELS = DEPLOYMENT["spec"]["template"]["metadata"]["labels"]
(CONTAINER,) = POD["containers"]
SERVICE_MONITOR = load(MONITOR / "service-monitor.yaml")
OPTIONS = dotenv_values(BASE / "inkling.env")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource["kind"])
def test_every_object_fits_kubernetes_schema(resource: Resource, version: str) -> None:
    assert kubernetes_validate.validate(resource, version, strict=True) == version


def test_no_file_is_left_out() -> None:
    named = {KUBERNETES / "README.md", BASE / "inkling.env", QUEUE / "adapter-rules.yaml"}
    for path in KUBERNETES.rglob("kustomization.yaml"):
        content = load(path)
        parts = [*content.get("resources", []), *content.get("components", [])]
        parts += [patch["path"] for patch in content.get("patches", [])]
        named |= {path, *((path.parent / part).resolve() for part in parts)}
    missing = [path for path in named if not path.exists()]
    assert missing == []
    assert {path for path in KUBERNETES.rglob("*") if path.is_file()} <= named


def test_selectors_find_the_pods_and_the_service() -> None:
    selectors = [
        DEPLOYMENT["spec"]["selector"]["matchLabels"],
        SERVICE["spec"]["selector"],
        BUDGET["spec"]["selector"]["matchLabels"],
        POLICY["spec"]["podSelector"]["matchLabels"],
        POD["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"],
    ]
    assert all(selector and selector.items() <= LABELS.items() for selector in selectors)
    assert SERVICE_MONITOR["spec"]["selector"]["matchLabels"].items() <= SERVICE["metadata"]["labels"].items()


def test_references_are_to_what_is_there() -> None:
    target = AUTOSCALER["spec"]["scaleTargetRef"]
    assert (target["apiVersion"], target["kind"]) == (DEPLOYMENT["apiVersion"], DEPLOYMENT["kind"])
    assert target["name"] == DEPLOYMENT["metadata"]["name"]
    assert "replicas" not in DEPLOYMENT["spec"], "the autoscaler's, which every rollout would overrule"
    generated = {generator["name"] for generator in KUSTOMIZATION["configMapGenerator"]}
    for source in CONTAINER["envFrom"]:
        assert source.get("secretRef", {}).get("optional") or source["configMapRef"]["name"] in generated
    mounted = {mount["name"] for mount in CONTAINER["volumeMounts"]}
    assert mounted == {volume["name"] for volume in POD["volumes"]}
    assert CONTAINER["image"] in {image["name"] for image in KUSTOMIZATION["images"]}


def test_probes_and_scrapes_are_answered_by_the_service(client: TestClient) -> None:
    assert {CONTAINER[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness")} == {"/readyz"}
    assert CONTAINER["livenessProbe"]["httpGet"]["path"] == "/livez"
    (endpoint,) = SERVICE_MONITOR["spec"]["endpoints"]
    for path in ("/readyz", "/livez", endpoint["path"]):
        assert client.get(path).status_code == 200


def test_ports_agree() -> None:
    (port,) = CONTAINER["ports"]
    assert f"INKLING_PORT={port['containerPort']} " in DOCKERFILE
    assert f"EXPOSE {port['containerPort']}\n" in DOCKERFILE
    assert {CONTAINER[f"{kind}Probe"]["httpGet"]["port"] for kind in ("startup", "readiness", "liveness")} == {"http"}
    (served,) = SERVICE["spec"]["ports"]
    assert served["targetPort"] == port["name"] == "http"
    ((ingress,),) = (rule["ports"] for rule in POLICY["spec"]["ingress"])
    assert ingress["port"] == port["name"]
    assert [endpoint["port"] for endpoint in SERVICE_MONITOR["spec"]["endpoints"]] == [served["name"]]


def test_options_are_the_services(monkeypatch: pytest.MonkeyPatch) -> None:
    assert OPTIONS.keys() <= {variable(name) for name in Settings.model_fields}
    for name, value in OPTIONS.items():
        monkeypatch.setenv(name, value or "")
    settings = Settings(_env_file=None)
    assert settings.log_format == "json"
    # Kubernetes tells a pod of every Service: of one called inkling as INKLING_PORT=tcp://..., which is no port.
    assert POD["enableServiceLinks"] is False or SERVICE["metadata"]["name"] != "inkling"


def test_accepted_requests_are_answered_before_a_pod_is_killed() -> None:
    drain = int(OPTIONS["INKLING_DRAIN_SECONDS"] or 0)
    pause = CONTAINER["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert POD["terminationGracePeriodSeconds"] >= pause + drain + 5
    readiness = CONTAINER["readinessProbe"]
    assert pause >= readiness["periodSeconds"]


def test_a_slow_start_is_waited_for() -> None:
    startup = CONTAINER["startupProbe"]
    (seconds,) = re.findall(r"--start-period=(\d+)s", DOCKERFILE)
    assert startup["periodSeconds"] * startup["failureThreshold"] >= int(seconds)


def test_a_pod_may_do_no_more_than_it_must() -> None:
    (user,) = re.findall(r"^USER (\d+):\1$", DOCKERFILE, re.M)
    pod, container = POD["securityContext"], CONTAINER["securityContext"]
    assert pod["runAsNonRoot"] is True
    assert pod["runAsUser"] == pod["runAsGroup"] == int(user)
    assert pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["allowPrivilegeEscalation"] is False
    assert container["readOnlyRootFilesystem"] is True
    assert container["capabilities"] == {"drop": ["ALL"]}
    assert POD["automountServiceAccountToken"] is False
    assert POLICY["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert POLICY["spec"]["egress"] == []


def test_resources_are_those_that_were_measured() -> None:
    compose = load(ROOT / "docker-compose.yml")["services"]["inkling"]
    requests, limits = CONTAINER["resources"]["requests"], CONTAINER["resources"]["limits"]
    assert requests.keys() == limits.keys() == {"cpu", "memory"}
    (cpus,) = re.findall(r":-(\d+)\}", compose["cpus"])
    (memory,) = re.findall(r":-(\d+)g\}", compose["mem_limit"])
    assert limits == {"cpu": cpus, "memory": f"{memory}Gi"}


def test_pods_remain_while_one_is_replaced() -> None:
    assert AUTOSCALER["spec"]["minReplicas"] > BUDGET["spec"]["maxUnavailable"]
    assert AUTOSCALER["spec"]["maxReplicas"] > AUTOSCALER["spec"]["minReplicas"]
    assert DEPLOYMENT["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


def test_the_queue_is_scaled_on_before_it_is_full(client: TestClient) -> None:
    (change,) = load(QUEUE / "metric.yaml")
    assert (change["op"], change["path"]) == ("add", "/spec/metrics/-")
    spec = {**AUTOSCALER["spec"], "metrics": [*AUTOSCALER["spec"]["metrics"], change["value"]]}
    kubernetes_validate.validate({**AUTOSCALER, "spec": spec}, VERSIONS[0], strict=True)
    name = change["value"]["pods"]["metric"]["name"]
    (gauge,) = [family for family in text_string_to_metric_families(client.get("/metrics").text) if family.name == name]
    assert [sample.labels for sample in gauge.samples] == [{}], "one figure a pod"
    most = int(change["value"]["pods"]["target"]["averageValue"])
    assert 0 < most < Settings.model_fields["queue_images"].default
    (rule,) = load(QUEUE / "adapter-rules.yaml")["rules"]["custom"]
    assert rule["seriesQuery"].startswith(f"{name}{{")
    assert rule["name"]["matches"] == name


def test_prometheus_calls_the_job_what_the_alerts_ask_for() -> None:
    asked = set(re.findall(r'job="(\w+)"', (ROOT / "deploy/prometheus/rules.yml").read_text()))
    assert {SERVICE["metadata"]["labels"][SERVICE_MONITOR["spec"]["jobLabel"]]} == asked


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl")
@pytest.mark.parametrize("folder", ["base", "overlays/prometheus"])
def test_kustomize_builds_objects_that_fit_kubernetes_schemas(folder: str) -> None:
    built = subprocess.run(
        ["kubectl", "kustomize", str(KUBERNETES / folder)], capture_output=True, text=True, timeout=60, check=True
    )
    assert "deprecated" not in built.stderr
    resources = list(yaml.safe_load_all(built.stdout))
    for resource in resources:
        if resource["kind"] not in FOREIGN:
            kubernetes_validate.validate(resource, VERSIONS[0], strict=True)
    container = of_kind(resources, "Deployment")["spec"]["template"]["spec"]["containers"][0]
    options = of_kind(resources, "ConfigMap")
    assert options["data"] == OPTIONS
    assert {"configMapRef": {"name": options["metadata"]["name"]}} in container["envFrom"]
    assert re.fullmatch(r"inkling:\d+\.\d+\.\d+", container["image"])
    metrics = of_kind(resources, "HorizontalPodAutoscaler")["spec"]["metrics"]
    assert [metric["type"] for metric in metrics] == (["Resource"] if folder == "base" else ["Resource", "Pods"])
    assert [resource["kind"] for resource in resources].count("ServiceMonitor") == (folder != "base")


def test_the_readme_lists_every_folder() -> None:
    page = (KUBERNETES / "README.md").read_text()
    for path in KUBERNETES.rglob("kustomization.yaml"):
        # The page tells the reader to make this one.
        assert path.parent.name == "mine" or f"`{path.parent.relative_to(KUBERNETES)}`" in page
    example = re.search(r"```yaml\n(.*?)```", page, re.S)
    assert example
    overlay = yaml.safe_load(example[1])
    assert all((KUBERNETES / "overlays" / "mine" / name).resolve().is_dir() for name in overlay["resources"])
    for literal in overlay["configMapGenerator"][0]["literals"]:
        assert literal.partition("=")[0] in {variable(name) for name in Settings.model_fields}


def test_the_readme_says_how_long_stopping_takes() -> None:
    times = [CONTAINER["lifecycle"]["preStop"]["sleep"]["seconds"], int(OPTIONS["INKLING_DRAIN_SECONDS"] or 0)]
    said = [int(found) for found in re.findall(r"\((\d+) s", (KUBERNETES / "README.md").read_text())]
    assert said == times
