//! The plans of the hot queries: none of them reads a table from end to end.

use super::*;
use crate::{ask, claim, copy, tally, to_copy, view};

fn plan(queue: &Queue, sql: &str) -> Vec<String> {
    let mut statement = queue.conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let mut rows = statement.raw_query();
    let mut lines = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        lines.push(row.get(3).unwrap());
    }
    lines
}

#[test]
fn every_hot_query_goes_by_an_index() {
    let mut bench = Bench::new();
    for study in 0..40 {
        bench.import(study, 50);
    }
    let from_instance = |rest: &str| format!("SELECT * FROM instance {rest}");
    let queries = [
        (claim::NEXT_STUDY.to_owned(), "study_in_turn"),
        (claim::NEXT_STUDY.to_owned(), "instance_ready"),
        (claim::NEXT_STUDY.to_owned(), "instance_waiting"),
        (claim::QUEUED_LIMIT.to_owned(), "instance_ready"),
        (claim::WAITED_LIMIT.to_owned(), "instance_waiting"),
        (from_instance(claim::QUEUED_ROWS), "instance_ready"),
        (from_instance(claim::WAITED_ROWS), "instance_waiting"),
        (claim::NEXT_LEASE.to_owned(), "instance_sending"),
        (claim::NEXT_WAIT.to_owned(), "instance_waiting"),
        (claim::NEXT_ASK.to_owned(), "study_in_turn"),
        (claim::HAS_OPEN.to_owned(), "study_in_turn"),
        ("SELECT id FROM instance WHERE state = 2 AND until <= ?1".to_owned(), "instance_sending"),
        (ask::TO_ASK.to_owned(), "study_in_turn"),
        (ask::TO_TALLY.to_owned(), "study_in_turn"),
        (ask::MARK.to_owned(), "sqlite_autoindex_instance_1"),
        (ask::NOT_COMPARED.to_owned(), "instance_queued"),
        (from_instance(ask::PAGE), "instance_by_study"),
        (from_instance(view::OF_STUDY), "instance_by_study"),
        (from_instance(view::ENDED_OF_STUDY), "instance_by_study"),
        (from_instance(view::ENDED_OF_IMPORT), "instance_by_import"),
        (tally::COUNT_IMPORT.to_owned(), "tally_by_import"),
        (tally::COUNT_STUDY.to_owned(), "PRIMARY KEY"),
        (from_instance(to_copy::TO_COPY), "instance_to_copy"),
        (from_instance(to_copy::TO_COPY_FIRST), "instance_to_copy"),
        (to_copy::IMPORTS_TO_COPY.to_owned(), "instance_to_copy_by_study"),
        (to_copy::LEFT_TO_COPY.to_owned(), "instance_to_copy"),
        (to_copy::ON_SOURCE.to_owned(), "instance_by_import"),
        (from_instance(copy::FIRST_TO_COPY), "instance_to_copy"),
        (from_instance(copy::FIRST_UNREAD), "instance_by_import"),
        (from_instance(copy::GONE), "instance_source_gone"),
        ("DELETE FROM instance WHERE study_id = ?1".to_owned(), "instance_by_study"),
        ("DELETE FROM instance WHERE import_id = ?1".to_owned(), "instance_by_import"),
    ];
    for (sql, index) in queries {
        let lines = plan(&bench.queue, &sql);
        assert!(lines.iter().any(|line| line.contains(index)), "{sql}\n{lines:#?}");
        for line in lines {
            let scans = line.starts_with("SCAN") && !line.contains(" CONSTANT ROW");
            // What the recursion has found: a row for each study.
            let whole_small_index = line.contains("instance_sending") || line == "SCAN due";
            assert!(!scans || whole_small_index, "{sql}\n{line}");
            let sorts = line.contains("TEMP B-TREE") && !line.contains("GROUP BY");
            assert!(!sorts, "{sql}\n{line}");
        }
    }
}
