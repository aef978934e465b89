"""How results look: data in, Plotly figure out, no Streamlit.

Every chart carries one message in its title, and that sentence is computed from the data.
"""
