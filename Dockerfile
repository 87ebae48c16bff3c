# The gateway in a container: mount an office, a lab and gateway.toml at /srv, and give model keys as environment variables.
#   docker build -t bylaw . && docker run -v ./srv:/srv -p 8080:8080 -e MODEL_KEY bylaw
FROM python:3.11-slim
WORKDIR /app
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
RUN pip install --no-cache-dir -c constraints.txt '.[gateway,cluster]' && useradd --system --home /srv bylaw
USER bylaw
WORKDIR /srv
EXPOSE 8080
ENTRYPOINT ["bylaw"]
CMD ["serve", "gateway.toml"]
