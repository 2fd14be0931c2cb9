"""The store on this machine: its tools, its process, its build and deployment, its demo data and its test run."""
