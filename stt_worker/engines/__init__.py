"""Speech models behind one Protocol (`protocol.Engine`), driven by `driver.transcribe`.

An engine's module may import its library at the top, because nothing imports an engine's module
but `choose.load`, and that only for the engine that the settings name.
"""
