"""The authors' released policies: files of arrays, `.npz`, as policies of this game's agents."""
