"""``python -m whichmin`` is the command line."""

from whichmin.cli import main

if __name__ == "__main__":
    main()
