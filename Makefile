# `make demo` and `make test` do all the set-up; nothing but Python 3.11 and make has to be there.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
# The runtime as an engineer installs it, to prove that predicting needs no torch.
CORE := .venv-core

.PHONY: segments-table detection-benchmarks long-benchmarks log-mel-benchmarks prepare-benchmarks sound-benchmarks demo demo-video test check coverage gait-table gait-stability fer-table shapes-table face-benchmarks cache-benchmarks video-benchmarks clip-benchmarks voice-table face-picture clip-picture benchmarks clean

demo: $(VENV)/ready
	$(VENV)/bin/affekt demo --folder demo

# The same for clips with sound: demo/video/report.html, about a minute on two idle cores.
demo-video: $(VENV)/ready
	$(VENV)/bin/affekt demo video --folder demo/video

# A process of tests that dies ends them: one that took its place would wait for ever.
test: check $(CORE)/ready
	$(VENV)/bin/pytest -n 2 --dist loadgroup --max-worker-restart 0

check: $(VENV)/ready
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/pyright
	$(VENV)/bin/lint-imports

benchmarks: $(VENV)/ready
	$(VENV)/bin/python benchmarks/run.py

# How often intervals hold the true score, by simulation: about three minutes.
coverage: $(VENV)/ready
	$(VENV)/bin/python benchmarks/coverage.py

# The table on the card of compact_face: DATA is the folder of FER2013, RUN a run on it or a bundle of one.
fer-table: $(VENV)/ready
	$(VENV)/bin/python benchmarks/fer_table.py --data-root $(DATA) --run $(RUN)

# The tables on the cards of vaanet and cten: eight trainings on invented clips; RUNS keeps them.
shapes-table: $(VENV)/ready
	$(VENV)/bin/python benchmarks/shapes_table.py $(addprefix --runs ,$(RUNS))

# The table on the card of tsl_net: videos are encoded, SEEDS times seven trainings; STORE and RUNS keep them.
segments-table: $(VENV)/ready
	$(VENV)/bin/python benchmarks/segments_table.py $(addprefix --store ,$(STORE)) $(addprefix --runs ,$(RUNS)) $(addprefix --seeds ,$(SEEDS))

# Scores of segments on the annotations of TSL-300, and how fast they come: DATA is its folder, PUBLISHED finds.
detection-benchmarks: $(VENV)/ready
	$(VENV)/bin/python benchmarks/detection.py --data-root $(DATA) --published $(PUBLISHED)

# TSL-Net in every engine, two hours in constant memory, and the memory of a training step.
long-benchmarks: $(VENV)/ready
	$(VENV)/bin/python benchmarks/long_video.py

# Log-mel cells of a sound against librosa, on files that it makes.
log-mel-benchmarks: $(VENV)/ready
	$(VENV)/bin/python benchmarks/log_mel.py

# Engines and precisions: DATA is the folder of FER2013, RUNS are trained runs on it.
face-benchmarks: $(VENV)/ready
	$(VENV)/bin/python benchmarks/faces.py --data-root $(DATA) $(addprefix --run ,$(RUNS))

# Decoding against OpenCV, on clips that it makes.
video-benchmarks: $(VENV)/ready
	$(VENV)/bin/python benchmarks/video.py

# Features and decoding of sound against librosa, on files that it makes.
sound-benchmarks: $(VENV)/ready
	$(VENV)/bin/python benchmarks/sound.py

# Both forms of prepared clips against the clips themselves: CLIPS are files with a picture.
prepare-benchmarks: $(VENV)/ready
	$(VENV)/bin/python benchmarks/prepare.py $(CLIPS)

# VAANet and CTEN in every engine, and erasing by gathering: a quarter of an hour on two idle cores.
clip-benchmarks: $(VENV)/ready
	$(VENV)/bin/python benchmarks/clips.py

# The table on the card of compact_voice: folders of the data and runs on them.
voice-table: $(VENV)/ready
	$(VENV)/bin/python benchmarks/voice_table.py --ravdess $(RAVDESS) $(RAVDESS_RUN) --emodb $(EMODB) $(EMODB_RUNS)

# Features of a frozen backbone, computed and read: some minutes on two idle cores.
cache-benchmarks: $(VENV)/ready
	$(VENV)/bin/python benchmarks/cache.py

# The picture in the README: a clip of the video demo's page, photographed in Chromium.
clip-picture: demo-video
	$(VENV)/bin/python docs/draw_clip.py demo/video/report.html

# The picture beside the bundle in this repository: what it says of drawn faces.
face-picture: $(VENV)/ready
	$(VENV)/bin/python docs/draw_faces.py

# The table on the card of bpm_gcn: DATA is the folder with gaits.npz.
gait-table: $(VENV)/ready
	$(VENV)/bin/python benchmarks/gait_table.py --data-root $(DATA)

# How much the gait scores vary with the seed, on inner folds: DATA is the folder with gaits.npz, FOLDS are outer folds.
gait-stability: $(VENV)/ready
	$(VENV)/bin/python benchmarks/gait_stability.py --data-root $(DATA) $(addprefix --folds ,$(FOLDS))

$(VENV)/ready: pyproject.toml constraints.txt
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@

$(CORE)/ready: pyproject.toml constraints.txt
	test -x $(CORE)/bin/python || $(PYTHON) -m venv $(CORE)
	$(CORE)/bin/python -m pip install --quiet -c constraints.txt -e .
	touch $@

clean:
	rm -rf $(VENV) $(CORE) demo runs
