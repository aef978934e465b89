"""The Streamlit shell shared by all pages: server, sign-in, session and widgets."""
