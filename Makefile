# Everything here runs on Debian 12 or newer, as root; `make prepare` installs what is missing.
export PATH := $(CURDIR)/.cache/venv/bin:$(PATH)
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.cache/collections

steps := lint sanity unit docs build images oracle molecule

.PHONY: help prepare demo test pins readme fuzz kill-switch durable power-cut malformed clean $(steps)

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20
	@echo '  make STEP       Run one of the checks alone: $(steps)'

demo: prepare ## Bring up the lab fleet, run playbooks/site.yml on it, show its leases
	@molecule/lab demo

# The images take as long as what needs none, and the oracle asks nothing of the clock.
test: ## Run every check
	@tests/run prepare 'images&' lint sanity unit docs build images 'oracle&' molecule oracle

kill-switch: prepare ## Kill the switch 200 times, at each step and between them: twenty minutes
	@tests/run $@

durable: prepare ## Kill dhcpd 200 times, its container, conmon and all of them, under load: fifteen minutes
	@tests/run $@

power-cut: prepare ## Cut a virtual machine's power in the middle of 30 switches (CUTS), and set its clock back: an hour
	@tests/run $@

malformed: prepare ## Send dhcpd 120,000 malformed packets (ACCEPTANCE_PACKETS): a quarter of an hour
	@tests/run $@

$(steps): prepare
	@tests/run $@

prepare: ## Install what the checks and the lab need; nothing where it is there already
	@tests/prepare

fuzz: prepare ## Read damaged configurations for ten minutes (FUZZ_SECONDS)
	@PYTHONPATH=.cache/collections python tests/fuzz/fuzz_parse.py

pins: prepare ## Move images/pins.yml to what the mirror of Debian has now
	@molecule/lab pins

readme: prepare ## Write the README's table of variables from the role's argument_specs
	@python tests/readme.py

clean: ## Remove hosts, segments and namespace of the lab; .cache stays
	@molecule/lab clean
