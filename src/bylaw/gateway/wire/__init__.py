"""Bytes in and out.

::

    connection   a caller's connection: HTTP/1.1, times and sizes for what comes, and an end that sends nothing more
    exchange     one request on it and its answer
    alarm        a time after which something is too late
    body         a request's body, read whole, and the one model it names
    client       HTTP/1.1 towards one server, over connections that are kept
    upstream     the models' servers: requests on, answers back, as they are
"""
