"""Is a dataset what it claims to be? Profiles, rules, verdicts, data docs and duplicate pictures.

`profile` and `facts` turn tables into frames, `suites` says what has to hold of them, `validation`
judges the frames, `data_docs` prints the judgement and `duplicates` finds equal pictures.
Great Expectations takes seconds to import, so only functions that need it import it.
"""
