"""Every page of the console, one row each: a new one is a file here, a template, and a row."""

from bylaw.console.page import Page
from bylaw.console.pages import account, directives, signin

PAGES: tuple[Page, ...] = (
    Page("/", "viewer", directives.first),
    Page("/signin", None, signin.show),
    Page("/signin", None, signin.enter, method="POST"),
    Page("/signout", "viewer", account.leave, method="POST"),
    Page("/account", "viewer", account.show),
    Page("/account/password", "viewer", account.change, method="POST"),
    Page("/account/elsewhere", "viewer", account.leave_elsewhere, method="POST"),
    Page("/again", "viewer", account.again),
    Page("/again", "viewer", account.prove, method="POST"),
    Page("/directives", "viewer", directives.index, menu="Directives"),
)
"""``least`` None: for everybody. Rows with ``menu`` are shown there, in this order, to those who may see them."""
