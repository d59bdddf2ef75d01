"""The widgets of the demos: what needs ipywidgets and anywidget. What they show is computed in the modules beside."""
