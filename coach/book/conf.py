"""What Sphinx is told. Nothing here reaches for the network, and nothing depends on the day."""

project = "Django Channels, line by line"
html_title = project
extensions = ["myst_nb"]
root_doc = "index"
highlight_language = "text"  # of a block that names none
smartquotes = False  # would turn two hyphens into a dash
myst_heading_anchors = 4

# The notebooks are executed already.
nb_execution_mode = "off"
nb_code_prompt_show = "Show the code of this cell"
nb_code_prompt_hide = "Fold the code of this cell"
nb_ipywidgets_js: dict[str, dict[str, str]] = {}  # no notebook has widgets; these come from a CDN

html_theme = "furo"
html_theme_options = {"navigation_with_keys": True, "top_of_page_buttons": [], "footer_icons": []}
html_static_path = ["static"]
html_css_files = ["book.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_use_index = False
html_domain_indices = False
