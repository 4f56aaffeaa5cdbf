// Every statement that the window asks of the ledger. The shell takes these, word for word, and no other: it reads them from
// this file, from one back quote to the next, and puts the first one where the others name it. All else is a bound value.

/** Every study of every receipt and what is known of it once it reached an archive; those that a filter lets through, where
 * a value that is null lets all through. $1 destination, $2 modality, $3 verdict, $4 from when on, $5 what is looked for. */
const STUDIES = `(SELECT tried.study AS study, tried.receipt AS receipt, tried.destination AS destination,
    sent.modality AS modality, sent.priority AS priority, sent.queued AS queued, sent.at AS confirmed, tried.last AS last,
    coalesce(sent.at, (SELECT at FROM view_line WHERE view_line.number = tried.last)) AS at, tried.instances AS instances,
    tried.in_the_archive AS in_the_archive, tried.waiting AS waiting, tried.not_in_the_archive AS not_in_the_archive,
    tried.bytes AS bytes, coalesce(source.listed_missing, 0) AS listed_missing,
    coalesce(source.index_partly, 0) AS index_partly, coalesce(source.to_look_at, 0) AS to_look_at
  FROM view_study AS tried LEFT JOIN view_sent AS sent ON sent.receipt = tried.receipt AND sent.study = tried.study
    LEFT JOIN view_source AS source ON source.receipt = tried.receipt)
  WHERE ($1 IS NULL OR destination = $1) AND ($2 IS NULL OR modality = $2)
    AND ($3 IS NULL OR $3 = CASE WHEN not_in_the_archive > 0 THEN 'incomplete' WHEN waiting > 0 THEN 'waiting'
      WHEN listed_missing + index_partly + to_look_at > 0 THEN 'found' ELSE 'complete' END)
    AND ($4 IS NULL OR at >= $4)
    AND ($5 IS NULL OR destination LIKE $5 ESCAPE '!' OR modality LIKE $5 ESCAPE '!'
      OR CAST(receipt AS TEXT) LIKE $5 ESCAPE '!')`;

export const HISTORY_TOTAL = `SELECT count(*) AS total FROM ${STUDIES}`;

/** $6 how many, $7 from which on. */
export const HISTORY = `SELECT * FROM ${STUDIES} ORDER BY last DESC LIMIT $6 OFFSET $7`;

export const DESTINATIONS = `SELECT DISTINCT destination AS word FROM view_receipt ORDER BY destination LIMIT 200`;

export const MODALITIES = `SELECT DISTINCT modality AS word FROM view_sent ORDER BY modality LIMIT 200`;

/** $1 study, $2 receipt. */
export const OUTCOMES = `SELECT outcome, proof, code, http_status, count(*) AS count FROM view_line
  WHERE study = $1 AND receipt = $2 GROUP BY outcome, proof, code, http_status ORDER BY count DESC LIMIT 100`;

export const LAST_CONFIRMED = `SELECT max(at) AS at FROM view_sent`;

/** $1 from when on. */
export const BY_DAY = `SELECT date(at / 1000, 'unixepoch') AS day, destination, modality, priority, count(*) AS studies,
    sum(images) AS images, sum(images_in_archive) AS images_in_archive, sum(bytes) AS bytes
  FROM view_sent WHERE at >= $1 GROUP BY 1, 2, 3, 4 ORDER BY 1`;

/** $1 from which day on. */
export const SUCCESS = `SELECT coalesce(sum(instances), 0) AS tried, coalesce(sum(CASE WHEN outcome IN ('confirmed', 'verified',
    'committed', 'already_there') THEN instances ELSE 0 END), 0) AS there
  FROM view_statistics WHERE outcome <> 'waiting' AND day >= $1`;

/** $1 from when on. */
export const MEDIAN = `SELECT at - queued AS took FROM view_sent WHERE at >= $1 ORDER BY took LIMIT 1
  OFFSET (SELECT count(*) / 2 FROM view_sent WHERE at >= $1)`;
