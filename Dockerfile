FROM python:3.13-slim AS build
# Behind a proxy with its own certificates: --build-arg SSL_CERT_FILE=… (and mount that file).
ARG SSL_CERT_FILE
WORKDIR /src
COPY requirements.lock requirements-build.lock ./
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements-build.lock \
 && python -m venv --without-pip /opt/venv \
 && /opt/build/bin/uv pip install --no-cache --require-hashes --compile-bytecode --python /opt/venv/bin/python -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY tgbot tgbot
COPY migrations migrations
COPY locales locales
RUN /opt/build/bin/hatchling build -t wheel -d /wheel \
 && /opt/build/bin/uv pip install --no-cache --no-deps --compile-bytecode --python /opt/venv/bin/python /wheel/*.whl

FROM python:3.13-slim
# The two directories are all it ever writes: it runs with --read-only as well. Keys do not live beside what they seal.
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin tgbot \
 && install -d -o tgbot -g tgbot -m 0700 /data /keys
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    TGBOT_DATABASE_URL=sqlite+aiosqlite:////data/tgbot.db \
    TGBOT_MASTER_KEY_FILE=/keys/master.key \
    TGBOT_WEB_BIND=0.0.0.0:8080 \
    TGBOT_LOG_FORMAT=json
USER 10001:10001
WORKDIR /data
VOLUME ["/data", "/keys"]
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['TGBOT_WEB_BIND'].rpartition(':')[2] + '/live', timeout=4)"]
ENTRYPOINT ["tgbot"]
CMD ["run"]
