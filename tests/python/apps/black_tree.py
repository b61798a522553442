"""black formats files of the standard library and a program that is written badly, and checks its own work."""

import difflib
import email
import json
import os
import tempfile
from pathlib import Path

# Its caches would go to the home directory.
os.environ["BLACK_CACHE_DIR"] = tempfile.mkdtemp(prefix="black-")

import black  # noqa: E402 - it reads the variable when it is imported

FILES = {json: ["decoder.py", "scanner.py", "tool.py"], email: ["quoprimime.py", "iterators.py", "_parseaddr.py"]}

UGLY = '''\
import os,sys
class  A ( object ):
  x:int=1; y = { 'a':1,'b' : [ 1,2,3 , ], **other }
  def f(self,a,*,b:str='x',**kw)->int :
    return not(a)if b else lambda x,y=1 : (yield)
  @property

  def very_long_name_of_a_method(self, first_argument, second_argument, third_argument=None, *args): pass
def g():
    with open('a')as f,open("b") as g: print ( f"{f!r:>{10}}" , 'it\\'s', u"x", 0XFF, 1E5, 10 )
    match x:
        case {"a":[1,*rest],**kw}if rest: return(1)
        case A(x=1)|None : pass
    for (i) in (1,2,3): del (i)
    assert some_function_name(argument_one)[0].attribute == other_function(argument_two, argument_three), "not so: %s" % (message,)
    #a comment
    if (a and
        b): return {k:v for k,v in items if k is not None and v is not None and something_else(k, v) > 0 or k in other_things}
    try: x = yield
    except* (ValueError,TypeError)as e: raise
    x = a[1:2, ::3], a[lower+offset : upper-offset], -x**-y, print(* args, ** kwargs), not x, ~ y
'''


def show(name, source, mode):
    """What black makes of a source, as a diff, or why it makes nothing."""
    try:
        new = black.format_file_contents(source, fast=False, mode=mode)
    except black.NothingChanged:
        print(f"{name}: as it should be")
        return
    except black.InvalidInput as error:
        print(f"{name}: {error}")
        return
    lines = list(difflib.unified_diff(source.splitlines(), new.splitlines(), name, name, lineterm=""))
    print(f"{name}: {len(lines)} lines of differences")
    print("\n".join(lines))


def main():
    usual = black.Mode()
    show("ugly.py", UGLY, usual)
    show("ugly.py", UGLY, black.Mode(line_length=60, string_normalization=False, preview=True, target_versions={black.TargetVersion.PY311}))
    show("wrong.py", "def f(:\n    pass\n", usual)
    for package, names in FILES.items():
        home = Path(package.__file__).parent
        for name in names:
            show(f"{package.__name__}/{name}", (home / name).read_text(), usual)


main()
