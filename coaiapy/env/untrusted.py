"""Variables of a project's environment file that a shell does not get until the user trusts it.

Such a variable decides which programs run, or where the user's keys are sent. The project may come
from somebody else, who wrote the file.
"""

import os
import re
from typing import Dict, List, Mapping, NamedTuple, Optional

from coaiapy.config import addresses, trust
from coaiapy.config.schema import KEY_OF_VARIABLE
from coaiapy.env.names import CONTEXT_KEYS, TEMPLATE_PREFIX
from coaiapy.util.paths import is_home

# What starts programs, or makes those that start read or load something, in shells, linkers,
# languages and the usual tools. Any case: some programs read both, and Windows knows only one.
_PROGRAMS = r"""(?xi)(?:
    PATH | HOME | SHELL | ENV | IFS | CDPATH | FPATH | ZDOTDIR | INPUTRC | PATHEXT | COMSPEC | PS\d
    | R?PROMPT\d? | PROMPT_COMMAND | SHELLOPTS | KSH_ENV | BASH.* | ZSH.* | FISH_.* | PSMODULE.*
    | LD_.* | DYLD_.* | LIBPATH | SHLIB_PATH | GCONV_PATH | LOCPATH | NLSPATH | MALLOC_.* | GLIBC_.*
    | PYTHON.* | VIRTUAL_ENV | PIP_.* | UV_.* | CONDA.* | PERL.* | RUBY.* | GEM_.* | BUNDLE_.*
    | NODE_(?:OPTIONS|PATH|EXTRA_CA_CERTS|TLS_.*) | NPM_.* | YARN_.* | DENO_.* | LUA_.* | PHP.*
    | R_(?:PROFILE|ENVIRON|LIBS|HOME).* | JULIA_.* | .*JAVA_OPTIONS | JAVA_.* | CLASSPATH
    | MAVEN_.* | GRADLE_.* | GO(?:PATH|ROOT|BIN|ENV|FLAGS|PROXY|TOOLCHAIN) | CARGO.* | RUST.*
    | DOTNET_.* | COMPLUS_.* | CORECLR_.* | CC | CXX | CPP | (?:C|CXX|CPP|LD|MAKE|GNUMAKE)FLAGS
    | MAKEFILES | CMAKE_.* | GIT_.* | HG | HGRCPATH | SVN_.* | SSH_.* | GPG_.* | GNUPGHOME | SUDO_.*
    | DOCKER_.* | KUBE.* | .*EDITOR | VISUAL | .*PAGER | BROWSER | LESS | LESSOPEN | LESSCLOSE
    | MAILPATH | LESSKEY.* | MANPATH | MANOPT | FZF_.* | TERM | TERMCAP | TERMINFO.* | TMUX.* | EXINIT | VIMINIT
    | OPENSSL_.* | SSL_.* | SSLKEYLOGFILE | .*_CA_BUNDLE | CURL_.* | .*_PROXY | HOSTALIASES
    | RES_OPTIONS | XDG_.* | TMPDIR | TEMP | TMP | KRB5.* | SQLITE_.* | FFREPORT | NETRC
    | COAIA_HOME | COAIAPY_ENV_PATH | AWS_.*FILE | AWS_PROFILE | AWS_ENDPOINT_URL_.*
    | GOOGLE_.*CREDENTIALS | OPENAI_API_BASE | ANTHROPIC_(?:BASE|API)_URL | AZURE_OPENAI_ENDPOINT
    | HF_ENDPOINT | VAULT_ADDR
    )\Z"""


class ForShell(NamedTuple):
    """An environment file's variables for a shell: those it may have, and the names of the rest."""

    variables: Dict[str, str]
    held: List[str]


def starts_programs(name: str) -> bool:
    """Tell whether a variable decides which programs run, or what they load or talk to."""
    return re.match(_PROGRAMS, name) is not None


def risky(variables: Mapping[str, str]) -> List[str]:
    """Return the names of the variables that need trust: starters of programs, and addresses.

    An address, and how it is reached, needs none if its key is in the same file, or if it can be
    nobody else's.
    """
    return [
        name
        for name, value in variables.items()
        if value and (starts_programs(name) or _redirects_key(name, value, variables))
    ]


def for_shell(path: str, variables: Mapping[str, str]) -> ForShell:
    """Return the variables of the environment file at ``path``, without those to be held back."""
    held = risky(variables)
    if held and is_trusted(path):
        held = []
    return ForShell({name: value for name, value in variables.items() if name not in held}, held)


def needing_trust(variables: Mapping[str, str]) -> List[str]:
    """Return the names of those that are of full use only with trust.

    These are the risky ones, and variables of templates, which can become parts of commands. The
    ids of the context are not counted: commands write them all the time.
    """
    known = risky(variables)
    return known + [
        name
        for name, value in variables.items()
        if value
        and name.startswith(TEMPLATE_PREFIX)
        and name not in CONTEXT_KEYS
        and name not in known
    ]


def is_trusted(path: str) -> bool:
    """Tell whether all of a file may be used: it is the user's own, or trusted as it is now."""
    return is_free(path) or trust.is_trusted(path, trust.digest_of(path))


def is_free(path: str) -> bool:
    """Tell whether a file needs no trust: it is not in a project, but the user's own."""
    return os.path.isabs(path) or is_home()


def note(path: str, held: List[str]) -> str:
    """Return what to say of variables that were held back."""
    return (
        "left out of {}: {}; they decide which programs run or where keys are sent: if you trust "
        "the file, run coaia trust".format(path, ", ".join(sorted(held)))
    )


def _redirects_key(name: str, value: str, variables: Mapping[str, str]) -> bool:
    key = KEY_OF_VARIABLE.get(name.upper())
    setting: Optional[str] = key.name if key else None
    service = addresses.service_of(setting) if setting else None
    if setting is None or service is None or addresses.is_harmless(setting, value):
        return False
    given = {
        KEY_OF_VARIABLE[one.upper()].name for one in variables if one.upper() in KEY_OF_VARIABLE
    }
    return not given.issuperset(service.keys[:1])
