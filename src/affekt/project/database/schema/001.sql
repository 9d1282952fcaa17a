-- A file that was imported. The same content is imported once for each purpose.
CREATE TABLE source (
  id INTEGER PRIMARY KEY,
  purpose TEXT NOT NULL,               -- records, ratings
  name TEXT NOT NULL,                  -- of the file, without its folder
  sha256 TEXT NOT NULL,
  reading TEXT NOT NULL,               -- SHA-256 of the settings it was read with
  rows INTEGER NOT NULL,
  imported_at TEXT NOT NULL,
  UNIQUE (purpose, sha256, reading)
) STRICT;

-- A collected clip. Ids are text: numbers of 19 digits would lose digits.
CREATE TABLE item (
  id TEXT PRIMARY KEY,
  title TEXT,
  account TEXT,
  event TEXT,
  published TEXT,
  duration_s REAL,                     -- as the records state it; what was measured is in medium_check
  label TEXT,                          -- as the records state it; single ratings are in rating
  extra TEXT NOT NULL DEFAULT '{}',    -- JSON: further columns of the records
  source_id INTEGER NOT NULL REFERENCES source (id),
  source_row INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A media file of an item. `name` separates several of one kind: stems of sound, tracks of subtitles.
CREATE TABLE medium (
  item_id TEXT NOT NULL REFERENCES item (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('video', 'audio', 'image', 'subtitle')),
  name TEXT NOT NULL DEFAULT '',
  path TEXT NOT NULL,                  -- below the project, or absolute
  origin TEXT NOT NULL,                -- where it was collected
  bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  PRIMARY KEY (item_id, kind, name)
) STRICT, WITHOUT ROWID;

-- What a step has done for an item, and what its result was made from. Results without such a row are not used.
CREATE TABLE done (
  step TEXT NOT NULL,
  item_id TEXT NOT NULL REFERENCES item (id) ON DELETE CASCADE,
  made_from TEXT NOT NULL,             -- SHA-256 of all that the result depends on
  reason TEXT,                         -- why there is no result; NULL if there is one
  done_at TEXT NOT NULL,
  PRIMARY KEY (step, item_id)
) STRICT, WITHOUT ROWID;

-- Step `check`: facts of a medium that was decoded, as JSON, and what is wrong with it.
CREATE TABLE medium_check (
  item_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  facts TEXT NOT NULL,
  strip BLOB,                          -- JPEG: frames from the beginning to the end, beside each other
  -- What near duplicates are found from, without decoding again (affekt.quality).
  film BLOB,                           -- 8 x 16 x 16 grey values, one byte each
  film_s REAL,                         -- duration of the picture
  words BLOB,                          -- of the sound: unsigned, 4 bytes each, little-endian
  audible BLOB,                        -- 0 or 1 for each word, one byte each
  PRIMARY KEY (item_id, kind, name),
  FOREIGN KEY (item_id, kind, name) REFERENCES medium (item_id, kind, name) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE finding (
  item_id TEXT NOT NULL REFERENCES item (id) ON DELETE CASCADE,
  step TEXT NOT NULL,
  code TEXT NOT NULL,                  -- such as zero_bytes, silent, near_duplicate
  level TEXT NOT NULL CHECK (level IN ('note', 'warning', 'error')),
  text TEXT NOT NULL,
  PRIMARY KEY (item_id, step, code, text)
) STRICT, WITHOUT ROWID;

-- Items of one cluster are copies of each other.
CREATE TABLE duplicate (
  item_id TEXT PRIMARY KEY REFERENCES item (id) ON DELETE CASCADE,
  cluster TEXT NOT NULL,               -- the first id of the cluster
  alike TEXT NOT NULL                  -- of the cluster: file, sound, video, joined by +
) STRICT, WITHOUT ROWID;

-- Steps `tracks-face`, `tracks-person`: the frames that were searched, and the boxes that were found.
-- Frame n is the one that is shown at n * step_s.
CREATE TABLE tracked (
  item_id TEXT NOT NULL REFERENCES item (id) ON DELETE CASCADE,
  what TEXT NOT NULL CHECK (what IN ('face', 'person')),
  detector TEXT NOT NULL,
  frames INTEGER NOT NULL,
  step_s REAL NOT NULL,                -- between two frames
  duration_s REAL NOT NULL,            -- of the picture
  width INTEGER NOT NULL,              -- of the upright picture, in pixels
  height INTEGER NOT NULL,
  PRIMARY KEY (item_id, what)
) STRICT, WITHOUT ROWID;

CREATE TABLE box (
  item_id TEXT NOT NULL,
  what TEXT NOT NULL,
  frame INTEGER NOT NULL,              -- counted from 0 over the frames that were searched
  track INTEGER NOT NULL,              -- unique within the item and what
  x REAL NOT NULL, y REAL NOT NULL, w REAL NOT NULL, h REAL NOT NULL,  -- pixels, within the picture
  score REAL NOT NULL,
  landmarks BLOB,                      -- x and y of five points in pixels, 4-byte floats, little-endian
  PRIMARY KEY (item_id, what, frame, track),
  FOREIGN KEY (item_id, what) REFERENCES tracked (item_id, what) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Steps `subtitles`, `recognition`: words with their times, from each source apart.
CREATE TABLE cue (
  item_id TEXT NOT NULL REFERENCES item (id) ON DELETE CASCADE,
  track TEXT NOT NULL,                 -- the name of the subtitle file, or `recognized`
  number INTEGER NOT NULL,
  start_s REAL NOT NULL,
  end_s REAL NOT NULL,
  text TEXT NOT NULL,
  speaker TEXT,                        -- where the subtitle names one
  confidence REAL,                     -- of recognised words, 0 to 1
  PRIMARY KEY (item_id, track, number)
) STRICT, WITHOUT ROWID;

-- Every single rating.
CREATE TABLE rating (
  item_id TEXT NOT NULL REFERENCES item (id) ON DELETE CASCADE,
  rater TEXT NOT NULL,
  round INTEGER NOT NULL DEFAULT 1,
  label TEXT NOT NULL,
  rated_at TEXT,
  seconds REAL,                        -- from the item being shown to the answer
  source_id INTEGER REFERENCES source (id),  -- NULL: from the page of `affekt project rate`
  PRIMARY KEY (item_id, rater, round)
) STRICT, WITHOUT ROWID;

-- What was stated but is no rating, as it was stated: of unknown items, with labels outside the set, in
-- contradiction to a rating that was there, or taken back on the page.
CREATE TABLE rating_left_out (
  id INTEGER PRIMARY KEY,
  source_id INTEGER REFERENCES source (id),
  place TEXT NOT NULL,                 -- in the file
  item TEXT NOT NULL,
  rater TEXT NOT NULL,
  round INTEGER NOT NULL,
  label TEXT NOT NULL,
  rated_at TEXT,
  seconds REAL,
  kind TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT;

-- Items that a rater saw and did not want to rate.
CREATE TABLE rating_skip (
  item_id TEXT NOT NULL REFERENCES item (id) ON DELETE CASCADE,
  rater TEXT NOT NULL,
  round INTEGER NOT NULL DEFAULT 1,
  skipped_at TEXT,
  PRIMARY KEY (item_id, rater, round)
) STRICT, WITHOUT ROWID;

-- Step `encode`: one safetensors file for each item, named after its content.
CREATE TABLE encoded (
  item_id TEXT PRIMARY KEY REFERENCES item (id) ON DELETE CASCADE,
  path TEXT NOT NULL,                  -- below the project
  sha256 TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  names TEXT NOT NULL                  -- modalities in the file, separated by spaces
) STRICT, WITHOUT ROWID;

-- A frozen split: parts of items, and the SHA-256 of all of them.
CREATE TABLE split (
  name TEXT NOT NULL,
  item_id TEXT NOT NULL REFERENCES item (id) ON DELETE CASCADE,
  part TEXT NOT NULL CHECK (part IN ('train', 'validation', 'test')),
  PRIMARY KEY (name, item_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE release (
  version TEXT PRIMARY KEY,
  sha256 TEXT NOT NULL,                -- of its manifest
  items INTEGER NOT NULL,
  released_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Thresholds that were overridden by --force.
CREATE TABLE override (
  id INTEGER PRIMARY KEY,
  step TEXT NOT NULL,
  text TEXT NOT NULL,
  overridden_at TEXT NOT NULL
) STRICT;

CREATE INDEX item_account ON item (account);
CREATE INDEX medium_sha256 ON medium (sha256);
CREATE INDEX rating_rater ON rating (rater);
