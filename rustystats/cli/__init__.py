"""The command line: from a file of policies to a fitted model and to scored policies.

    rustystats explore data.parquet --response ClaimNb --exposure Exposure
    rustystats fit data.parquet "ClaimNb ~ bs(DrivAge, df=5) + C(Area)" --family poisson
        --exposure Exposure --report report.html --save model.json
    rustystats predict model.json new.parquet -o scored.parquet
    rustystats demo

`app.py` has the commands and their options, a file each what they do; `console.py` says how errors,
warnings and progress reach the user, `tables.py` prints relativities. Answers go to standard
output, all else to standard error. Exit codes: 0, 1 where data or model are at fault, 2 where the
command is. typer and rich (the extra ``cli``) are imported when a command runs, not when the
package is.
"""

import sys


def main():
    """Entry point of the console script."""
    try:
        app = make_app()
    except ImportError as error:
        missing = error.name or "typer"
        print(
            f'rustystats: {missing} is not installed: pip install "rustystats[cli]"',
            file=sys.stderr,
        )
        raise SystemExit(1) from None
    app()


def make_app():
    """The typer application.

    Raises
    ------
    ImportError
        If typer or rich is not installed.
    """
    import rich  # noqa: F401  missing rich is reported here, not in the middle of a command
    import typer  # noqa: F401

    from rustystats.cli.app import app

    return app
