"""Run the command line: ``python -m whichmin``."""

from whichmin.cli import main

if __name__ == "__main__":
    main()
