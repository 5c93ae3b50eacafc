# The workshop's front door: what each target does is written in tools/.
PYTHON ?= python3.11
ENGINE = $$($(PYTHON) tools/environments.py engine)

.DEFAULT_GOAL := help
.PHONY: help engine demo test lint test-engine test-blender test-web test-gui package repository lock benchmark skies screenshots thumbnails clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

engine: ## make or find the engine's environment; the last line is the path of its Python
	@$(PYTHON) tools/environments.py engine

demo: ## from a prompt to a rendered scene, with all that it needs
	@$(PYTHON) tools/demo.py

test: ## run all tests and checks, installing what they need
	@$(PYTHON) tools/run_tests.py

lint: ## ruff and mypy
	@$(PYTHON) tools/run_tests.py lint

test-engine: ## the engine's tests
	@$(PYTHON) tools/run_tests.py engine

test-blender: ## the extension's tests on bpy 4.2, 4.5 and 5.0
	@$(PYTHON) tools/run_tests.py blender

test-web: ## the gallery and the farm's job type in a headless Chromium; screenshots in out/web/
	@$(PYTHON) tools/run_tests.py web

test-gui: ## the tests in a real Blender window; screenshots in out/gui/
	@$(PYTHON) tools/run_tests.py gui

package: ## build and validate the extension's zip in dist/
	@$(PYTHON) tools/package.py dist

lock: ## resolve what an artist's engine consists of, from pyproject.toml into engine/setup/locks
	@$(PYTHON) tools/lock.py

repository: ## the static folder that Blender subscribes to, in dist/repository/
	@$(PYTHON) tools/repository.py dist/repository

benchmark: ## beside diffusers' panorama pipeline and the paper's Algorithm 1; coherence and directions, with pictures in out/
	@$(ENGINE) -m benchmarks.generation
	@$(ENGINE) -m benchmarks.synchronization
	@$(ENGINE) -m benchmarks.coherence
	@$(ENGINE) -m benchmarks.directing

skies: ## six prompts on the bundled model: the README's first picture
	@$(ENGINE) tools/skies.py

screenshots: test-gui ## run the window tests and keep their best pictures in docs/images/
	@$(ENGINE) tools/screenshots.py

thumbnails: ## render the pictures of the styles with the bundled model, into assets/styles/
	@$(ENGINE) tools/thumbnails.py

clean: ## remove what was built in the repository (the environments stay in the user's cache)
	rm -rf out dist
