//! A study that its archive fails over, while it answers for others: it is left alone for a while, and holds up nobody else.

use crate::table::destination::{UNPARK, one_row};
use crate::table::{DestinationId, StudyId};
use crate::{Queue, Result};
use relaypacs_model::{Code, Moment, Reason};
use rusqlite::{OptionalExtension, named_params, params};

impl Queue {
    /// Asks about a study again at `until`, and says why not before; nothing more of it is claimed until its archive has
    /// answered. All others go on; [`crate::StudyRow::left`] tells it. One that is gone meanwhile needs nothing.
    ///
    /// # Errors
    /// Those of the database.
    pub fn leave(
        &mut self,
        study: StudyId,
        reason: Reason,
        until: Moment,
        now: Moment,
    ) -> Result<()> {
        self.write_at(now, |tx| {
            tx.execute(
                "UPDATE study SET asked = 0, ask_after = :until, left_reason = :code, \
                 left_status = :status, left_dicom = :dicom, left_times = left_times + 1 \
                 WHERE id = :id",
                named_params! {
                    ":id": study,
                    ":until": until.0,
                    ":code": reason.code.as_str(),
                    ":status": reason.status,
                    ":dicom": reason.dicom,
                },
            )?;
            Ok(())
        })
    }

    /// How often in a row a study was left alone: none once its archive has answered, or a person wants it tried.
    ///
    /// # Errors
    /// Those of the database.
    pub fn times_left(&self, study: StudyId) -> Result<u32> {
        let mut statement =
            self.conn.prepare_cached("SELECT left_times FROM study WHERE id = ?1")?;
        Ok(statement.query_row([study], |row| row.get(0)).optional()?.unwrap_or(0))
    }

    /// The way to a destination is another one: what was left alone for one of these reasons is asked about now.
    ///
    /// # Errors
    /// Those of the database.
    pub fn take_up(&mut self, destination: DestinationId, reasons: &[Code]) -> Result<()> {
        self.write(|tx| {
            let mut statement = tx.prepare(
                "UPDATE study SET ask_after = 0, left_reason = NULL, left_times = 0 \
                 WHERE destination_id = ?1 AND left_reason = ?2",
            )?;
            for reason in reasons {
                statement.execute(params![destination, reason.as_str()])?;
            }
            Ok(())
        })
    }

    /// A person wants a destination tried now: neither it nor a study on its way there is left alone any longer.
    ///
    /// # Errors
    /// [`crate::QueueError::NoSuchRow`], and those of the database.
    pub fn try_now(&mut self, destination: DestinationId) -> Result<()> {
        self.write(|tx| {
            one_row(tx.execute(UNPARK, [destination])?)?;
            tx.execute(
                "UPDATE study SET ask_after = 0, left_reason = NULL, left_times = 0 \
                 WHERE destination_id = ?1 AND left_reason IS NOT NULL",
                [destination],
            )?;
            Ok(())
        })
    }
}
