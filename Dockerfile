# syntax=docker/dockerfile:1
# Front end, packages, then the runtime that holds only what they made. Nothing here needs a secret.

FROM node:22-bookworm-slim AS front-end
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund
COPY build.mjs ./
COPY static static
RUN npm run build

FROM python:3.11-slim-bookworm AS packages
WORKDIR /src
COPY requirements/uv.lock.txt requirements/base.lock ./
# The cache is a mount of the builder's, not a layer of the image.
# hadolint ignore=DL3042
RUN --mount=type=cache,target=/root/.cache \
    pip install --disable-pip-version-check --root-user-action=ignore --require-hashes --requirement uv.lock.txt \
    && uv venv --python /usr/local/bin/python /opt/concordat \
    && uv pip sync --python /opt/concordat/bin/python --link-mode=copy --compile-bytecode --require-hashes base.lock

FROM python:3.11-slim-bookworm
# What PDFs are drawn with; the base image is what pins Debian's versions.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/*
RUN groupadd --system --gid 10001 concordat \
    && useradd --system --uid 10001 --gid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin concordat \
    && install -d -o 10001 -g 10001 /var/lib/concordat/media
ENV PATH=/opt/concordat/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings.production
WORKDIR /app
COPY --from=packages /opt/concordat /opt/concordat
COPY manage.py ./
COPY config config
COPY apps apps
COPY templates templates
COPY --from=front-end /src/static/dist static/dist
# Collecting reads settings that must be there and uses none of them; these values stay in this one command.
RUN SECRET_KEY=unused FIELD_ENCRYPTION_KEY=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    DATABASE_URL=postgres://unused REDIS_URL=redis://unused \
    python manage.py collectstatic --no-input -v0 -i redoc -i rest_framework -i guardian -i django_htmx \
    && python -m compileall -q apps config
USER 10001:10001
EXPOSE 8000
# Who asked for what is the proxy's to log: it leaves the secrets in addresses out.
CMD ["gunicorn", "config.wsgi", "--config=config/gunicorn.py", "--bind=0.0.0.0:8000", "--worker-tmp-dir=/dev/shm", \
     "--max-requests=10000", "--max-requests-jitter=1000"]
