"""Bytes in and out.

::

    connection   a caller's connection: times and sizes for headers, and an end that sends nothing more
    body         a request's body, read whole, and the one model it names
    client       HTTP/1.1 towards one server, over connections that are kept
    upstream     the models' servers: requests on, answers back, as they are
"""
