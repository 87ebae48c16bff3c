"""Bytes in and out.

::

    connection   a caller's connection: times and sizes for headers, and an end that sends nothing more
    body         a request's body, read whole, and the one model it names
    upstream     the models' servers: requests on, answers back, as they are
"""
