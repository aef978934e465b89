"""Which pages there are: the only navigation, and who is signed in."""

from pathlib import Path

import streamlit as st

from app import session, widgets, words
from lifecycle.domain.actor import Permission

READ, TRAIL = Permission.READ, Permission.READ_TRAIL

PAGES = (
    ("overview", "Overview", "dashboard", READ, "What needs me, what is wrong"),
    ("inventory", "Inventory", "inventory_2", READ, "All models and versions"),
    ("model", "Model", "deployed_code", READ, "Everything about one model"),
    ("drift", "Drift", "stacked_line_chart", READ, "What moved, since when, does it matter"),
    ("quality", "Data quality", "rule", READ, "Is the data fit to be measured"),
    ("performance", "Performance", "speed", READ, "Does it still work"),
    ("fairness", "Fairness", "balance", READ, "Who is treated differently, how sure are we"),
    ("explanations", "Explanations", "lightbulb", READ, "What drives it"),
    ("validation", "Validation", "verified", READ, "Is it sound"),
    ("alerts", "Alerts and incidents", "notifications", READ, "Who is on it"),
    ("approvals", "Approvals", "approval", READ, "May it go live"),
    ("policies", "Policies", "gavel", READ, "What are the rules"),
    ("audit", "Audit", "fact_check", TRAIL, "Who did what, when and why"),
    ("people", "People and tokens", "group", READ, "Who may do what, and your tokens"),
    ("jobs", "Jobs", "pending_actions", READ, "What runs, what ran, what came of it"),
)

st.set_page_config(
    page_title="Lifecycle",
    page_icon=str(Path(__file__).parent / "static" / "icon.png"),
    layout="wide",
)
# Streamlit leaves a hand wide margin around a page; an instrument panel uses the room. Where
# nothing hovers, Plotly shows its buttons all the time, over the figure. A figure's title is text
# above it; the one inside comes with what is saved of it.
st.html(
    "<style>.stMainBlockContainer {padding: 3.5rem clamp(1rem, 3vw, 3rem) 4rem}"
    "[data-testid=stSidebarHeader] {height: 2.5rem; margin-bottom: 0}"
    ".stPlotlyChart .gtitle {display: none} .stPlotlyChart {margin-top: -0.75rem}"
    "@media (hover: none) {.modebar-container {display: none}}</style>"
)
actor = session.actor()

pages = {
    st.Page(
        widgets.PAGES[name],
        title=title,
        icon=f":material/{icon}:",
        url_path=None if name == "overview" else name,
        default=name == "overview",
        # A hidden page still opens by its address, and then says that it is not allowed.
        visibility="visible" if actor.may(needs) else "hidden",
        help=question,
    ): needs
    for name, title, icon, needs, question in PAGES
}
page = st.navigation(list(pages), expanded=True)

with st.sidebar:
    roles = ", ".join(sorted(actor.roles)).replace("_", " ") or "no role"
    st.markdown(f"**{actor.name}**  \n:small[{roles}]")
    if session.workspace().sample:
        widgets.note("Sample portfolio", icon="science")
    sign_out = words.way_out("Sign out", "/auth/sign-out")
    st.markdown(f":material/logout: {sign_out}", unsafe_allow_html=True)

widgets.require(pages[page])
page.run()
