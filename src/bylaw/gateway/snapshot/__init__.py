"""What is enforced, as files that workers map: made by one publisher, signed, with a version and a greatest age.

::

    table     rows by key in one file that is mapped, not read
    people    everybody as they stood on a day, as a mapping over two tables
    parts     files named by their digest
    head      the signed page that names the parts, their version and age
    everybody the people of the days in force, made once, aside from what is enacted meanwhile
    publish   office, facts and keys → parts and head
    edition   a head and its parts, opened: policy, people, keys, ready to decide
    follow    a worker's watch over the head: verify, open, swap

On disk, below one directory::

    head                  a DSSE envelope, replaced whole
    <sha256>              a part; never changed

A part that has not changed is not written again: a directive alone is a page of kilobytes, however many subjects there
are.
"""
