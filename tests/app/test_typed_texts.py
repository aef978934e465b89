"""Does what people type stay text on every page, so that nobody puts a link behind our words?"""

import pytest

from app import session
from lifecycle.domain.actor import Role
from lifecycle.services import access, approvals, registry
from tests.app.tiny_workspace import OPERATOR, person

LINK = "[Your session ended, sign in](https://evil.example)"
READ_AS_MARKUP = ("title", "subheader", "markdown", "error", "warning", "success", "info")


@pytest.fixture
def typed(tiny):
    """Return the tiny workspace after somebody typed links wherever they may type."""
    ws, dan, at = tiny.workspace, person("dan"), session.now()
    answers = {"practice": "no", "domain": "operations", "effect": "none", "interaction": "no"}
    registry.add_use_case(
        ws,
        id="evil",
        name=LINK,
        problem=LINK,
        affected=LINK,
        owner="dan",
        sponsor="mo",
        answers=answers,
        by=dan,
        at=at,
    )
    registry.add_model(
        ws,
        id="evil",
        use_case_id="evil",
        name=LINK,
        task="binary",
        owner="dan",
        purpose=LINK,
        intended_use=LINK,
        by=dan,
        at=at,
    )
    approvals.comment(ws, tiny.waiting, LINK, by=dan, at=at)
    access.add_person(ws, "ben", roles={Role.ADMINISTRATOR}, by=OPERATOR, at=at)
    access.set_roles(ws, "mo", roles=[Role.APPROVER], reason=LINK, by=person("ada"), at=at)
    return tiny


def markup(shown):
    """Return all a page hands over as Markdown: texts, cells of fact tables, labels."""
    texts = [element.value for kind in READ_AS_MARKUP for element in shown.get(kind)]
    texts += [f"{k} {v}" for t in shown.table for k, v in t.value.to_dict().items()]
    texts += [element.label for kind in ("button", "expander") for element in shown.get(kind)]
    return "\n".join(texts)


@pytest.mark.parametrize(
    ("page", "who", "params"),
    [
        ("model", "dan", {"model": "evil"}),
        ("drift", "dan", {"model": LINK}),
        ("approvals", "rita", {"request": "req-1"}),
        ("people", "ada", {}),
    ],
)
def test_a_typed_link_is_text_on_every_page(look, typed, page, who, params):
    read = markup(look(page, who=who, **params))

    assert "\\[Your session ended, sign in\\](https\\://evil.example)" in read
    assert LINK not in read
