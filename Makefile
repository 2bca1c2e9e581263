# Everything these targets make lies in .work/: no root, nothing global, HOME untouched.
# Another Python: make PYTHON=/path/to/python3.11 ...
export PYTHON

.PHONY: help rehearse rehearse-clean test test-% test-crash troubles benchmark benchmark-rates benchmark-growth

help:
	@echo "make rehearse        run the main job on this machine against the sandbox; again: nothing left to do"
	@echo "make rehearse-clean  stop what the rehearsal started and remove all it made"
	@echo "make test            run all tests"
	@echo "make test-STEP       run one step of them: ruff mypy lint docs sanity package units integration e2e paths judges"
	@echo "                     faults leaks crash served slices coverage,"
	@echo "                     or sanity-X units-X integration-X paths-X, on another ansible-core X: 2.18 2.20 2.21"
	@echo "make test-crash      all faults, 100 killed runs, all look-outs for leaks and 10000 hostile answers; takes an hour"
	@echo "make troubles        show what is said of bad input and trouble, case by case (kept in .work/troubles.md)"
	@echo "make benchmark       measure what look-ups cost, beside ansible -m ping, minimal scripts and the vendors' SDKs"
	@echo "                     (about 5 minutes; less with ARGS='--rounds 3 --no-rehearsal'; kept in .work/benchmark/)"
	@echo "make benchmark-rates measure how much of the rate that a cloud allows is used (about 10 minutes)"
	@echo "make benchmark-growth  measure what many hosts and many certificates cost the controller (about 20 minutes;"
	@echo "                       less with ARGS='--hosts 10,100 --due 1000')"

rehearse:
	@sh scripts/rehearse.sh run

rehearse-clean:
	@sh scripts/rehearse.sh clean

test:
	@sh scripts/test.sh

# The step crash alone, as make test runs it: sh scripts/test.sh crash
test-crash:
	@CERTWRIGHT_FULL=1 sh scripts/test.sh faults crash leaks properties

test-%:
	@sh scripts/test.sh $*

troubles:
	@sh scripts/test.sh troubles && cat .work/troubles.txt

benchmark:
	@sh scripts/benchmark.sh run $(ARGS)

benchmark-rates:
	@sh scripts/benchmark.sh rates $(ARGS)

benchmark-growth:
	@sh scripts/benchmark.sh growth $(ARGS)
