# Any base with Python 3.11 to 3.13 as `python`, and its venv; deploy/build-image.sh makes one where none can be pulled.
ARG BASE=python:3.13-slim
# What runs the networks: savedmodel, on TensorFlow; litert, on 8 bits, or litert-float32, both without TensorFlow.
ARG RUNTIME=savedmodel

FROM ${BASE} AS build
ARG RUNTIME
# Where pip looks, if not at its default. They act in this stage only and leave nothing in the image.
ARG PIP_CERT
ARG PIP_CONSTRAINT
ARG PIP_DEFAULT_TIMEOUT
ARG PIP_EXTRA_INDEX_URL
ARG PIP_FIND_LINKS
ARG PIP_INDEX_URL
ARG PIP_TRUSTED_HOST
# pip has an environment of its own, so that the one that ships has none.
RUN python -m venv /opt/pip && python -m venv --without-pip /opt/inkling
WORKDIR /src
COPY requirements.lock requirements-litert.lock ./
# What goes again is for compiling against, for testing NumPy, and for the graphics and neural processors of phones. The
# bytecode is unchecked since builders round the times of files, buildah for one, and what is checked by time would be
# compiled anew at every start.
RUN case "$RUNTIME" in savedmodel) lock=requirements.lock ;; \
        litert|litert-float32) lock=requirements-litert.lock ;; \
        *) echo "RUNTIME is savedmodel, litert or litert-float32, not $RUNTIME" >&2; exit 1 ;; esac \
    && /opt/pip/bin/pip --python /opt/inkling install --require-hashes --no-cache-dir --no-compile -r "$lock" \
    && (cd /opt/inkling/lib/python3*/site-packages && rm -rf tensorflow/include numpy/tests numpy/*/tests \
        ai_edge_litert/tools ai_edge_litert/vendors ai_edge_litert/libLiteRt*Accelerator.so) \
    && /opt/inkling/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/inkling/lib
COPY pyproject.toml README.md LICENSE ./
COPY app/ app/
# Apart from the dependencies: a change of ours is then a layer of kilobytes. It is built with the locked setuptools,
# which then goes, with what else TensorFlow and astunparse ask for and nothing that serves imports.
RUN /opt/pip/bin/pip --python /opt/inkling install --no-deps --no-build-isolation --no-cache-dir --no-compile \
        --target /srv/inkling . \
    && /opt/inkling/bin/python -m compileall -q --invalidation-mode unchecked-hash /srv/inkling \
    && /opt/pip/bin/pip --python /opt/inkling uninstall --yes setuptools wheel libclang
COPY models/ /srv/models/
# Any value keeps the older versions of each model, for INKLING_MODEL_VERSIONS; the newest is what is served.
ARG EVERY_VERSION
RUN [ -n "$EVERY_VERSION" ] || for model in /srv/models/*/; do \
        ls "$model" | sort -n | head -n -1 | while read -r version; do rm -r "$model$version"; done; done
# A checkout under a strict umask must still be readable by the user below.
RUN chmod -R u=rwX,go=rX /srv

FROM ${BASE}
ARG RUNTIME
LABEL org.opencontainers.image.title="Inkling" \
      org.opencontainers.image.description="Reads handwritten digits and characters over HTTP" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/inkling /opt/inkling
COPY --from=build /srv/models /srv/models
COPY --from=build /srv/inkling /srv/inkling
ENV PATH=/opt/inkling/bin:$PATH \
    PYTHONPATH=/srv/inkling \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    INKLING_HOST=0.0.0.0 \
    INKLING_PORT=8000 \
    INKLING_MODELS_DIR=/srv/models \
    INKLING_RUNTIME=${RUNTIME}
WORKDIR /srv
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# No proxy, whatever the environment says. Loading and warming the models takes a slow machine a minute.
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:' + os.environ['INKLING_PORT'] + '/readyz', timeout=4)"]
CMD ["python", "-m", "app", "serve"]
