"""The admin listener, on a port of its own: what a monitor asks, and later the operator's console.

``app`` answers GET /metrics (Prometheus), /healthz, /readyz and /coverage; it decides nothing and forwards nothing.
"""
