# The gateway in a container. /srv holds gateway.toml and what it names (office, lab, state); model keys are environment
# variables. docs/gateway.md, "In a container", says what gateway.toml needs there.
#   docker build -t bylaw .
#   docker run -v ./srv:/srv --user "$(id -u):$(id -g)" -p 8080:8080 -e MODEL_KEY --stop-timeout 40 bylaw
FROM python:3.11-slim
WORKDIR /app
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
RUN pip install --no-cache-dir -c constraints.txt '.[gateway,cluster]' && useradd --system --home /srv bylaw
# Whoever else it runs as (--user) has no home of their own here.
ENV HOME=/srv
USER bylaw
WORKDIR /srv
EXPOSE 8080
ENTRYPOINT ["bylaw"]
CMD ["serve", "gateway.toml"]
