// Invented patients and their studies, among them names as long, as foreign and as hostile as real discs have them.

const LONG =
  "WOLFESCHLEGELSTEINHAUSENBERGERDORFF-VORALTERNWARENGEWISSENHAFTSCHAFERS, Hubert Blaine Maximilian Konstantin";

const patient = (name, id, birth_date, sex, issuer = "City Hospital") => ({
  name,
  id,
  issuer,
  birth_date,
  sex,
  key: `${name}|${id}`,
});
const MUELLER = patient("MÜLLER, Anna", "4471-02", "19610312", "F");
const MEIER = patient("MEIER, Hanna", "4417-20", "19661221", "F");

const study = (id, who, modalities, description, images, bytes, some = {}) => ({
  id,
  patient: who,
  modalities,
  description,
  date: "20261103",
  time: "091400",
  institution: "City Hospital",
  accession: `CH-88${100 + id}`,
  series: 4,
  images,
  bytes,
  picture: `p${id}`,
  warnings: [],
  same_patient_as_previous: false,
  ...some,
});

export const warning = (kind, count = 1, of = null) => ({ kind, count, of });

const disc = [
  study(1, MUELLER, ["CT", "SR"], "Chest with contrast", 1148, 602_000_000),
  study(2, MUELLER, ["CR"], "Chest PA and lateral", 2, 28_000_000, {
    date: "20261101",
    series: 2,
    same_patient_as_previous: true,
    warnings: [warning("already_there", 2, 2)],
  }),
  study(3, MEIER, ["MR"], "Brain", 134, 71_000_000, {
    series: 7,
    warnings: [warning("unreadable", 3), warning("text_doubtful", 2)],
  }),
];

const names = [
  study(
    1,
    patient(
      LONG,
      "0123456789012345678901234567890123456789-LONG-ID",
      "19010101",
      "M",
      "An Institution With a Remarkably Long Name of Its Own, Department of Radiology",
    ),
    ["CT"],
    "Computed tomography of the thorax, abdomen and pelvis with oral and intravenous contrast, late venous phase, with reconstructions",
    12,
    6_000_000,
    { warnings: [warning("already_there", 12, 12), warning("mixed_identity")] },
  ),
  study(2, patient("كوهين, عائشة", "١٢٣٤", "19880704", "F"), ["US"], "فحص البطن بالموجات فوق الصوتية", 12, 6_000_000, {
    institution: "مستشفى المدينة",
  }),
  study(3, patient("לוי, דוד", "777", "19750930", "M"), ["MR", "PR", "KO"], "ברך שמאל (MRI)", 12, 6_000_000, {
    warnings: [warning("partly_there", 5, 12)],
  }),
  study(4, patient("山田, 太郎", "JP-0001", "19590203", "M"), ["CR"], "胸部X線撮影（正面・側面）", 12, 6_000_000, {
    warnings: [warning("queued_already", 12, 12)],
  }),
  study(5, patient("김, 희중", "", "", "O", ""), ["XA"], "관상동맥 조영술", 12, 6_000_000, {
    picture: null,
    warnings: [warning("no_patient_id")],
  }),
  study(
    6,
    patient("<img src=x onerror=alert(1)>", "'; DROP TABLE study; --", "20209999", "<b>", ""),
    ["<i>"],
    "<script>document.title='owned'</script>",
    12,
    6_000_000,
    {
      institution: "\u202Egnp.exe",
      warnings: [warning("damaged", 2), warning("conflict", 1)],
    },
  ),
  study(7, patient("", "", "", "", ""), [], "", 12, 6_000_000, {
    date: "",
    time: "",
    institution: "",
    accession: "",
    picture: "none-7",
    warnings: [warning("duplicate", 3)],
  }),
  study(8, patient("", "", "", "", ""), ["SR"], "Report", 12, 6_000_000, {
    same_patient_as_previous: true,
    picture: null,
  }),
];

const many = (n) => {
  const who = patient(
    `PATIENT ${Math.floor(n / 4) + 1}, Test`,
    `T-${Math.floor(n / 4) + 1}`,
    "19700101",
    n % 8 < 4 ? "F" : "M",
  );
  return study(n + 1, who, [["CT", "MR", "CR", "US"][n % 4]], `Study number ${n + 1}`, 100, 52_000_000, {
    same_patient_as_previous: n % 4 !== 0,
    warnings: n % 7 === 0 ? [warning("already_there", 100, 100)] : [],
  });
};

/** The studies of a review, one page of them. @param {string} scenario @param {number} total @param {number} offset @param {number} limit */
export function studies(scenario, total, offset, limit) {
  if (scenario === "review_names") return names.slice(offset, offset + limit);
  if (scenario === "review_many")
    return Array.from({ length: Math.max(0, Math.min(limit, total - offset)) }, (_, at) => many(offset + at));
  return disc.slice(0, total).slice(offset, offset + limit);
}

/** @param {number} id */
export const series = (id) => [
  {
    uid: `s${id}-1`,
    number: "1",
    modality: "CT",
    description: "Scout",
    images: 2,
    bytes: 1_000_000,
    picture: `s${id}1`,
    warnings: [],
  },
  {
    uid: `s${id}-2`,
    number: "2",
    modality: "CT",
    description: id === 2 ? "צילום חזה" : "Lung 1.0 mm, sharp kernel",
    images: 1145,
    bytes: 600_000_000,
    picture: `s${id}2`,
    warnings: id === 3 ? [warning("unreadable", 3)] : [],
  },
  {
    uid: `s${id}-3`,
    number: "",
    modality: "SR",
    description: "",
    images: 1,
    bytes: 20_000,
    picture: null,
    warnings: [],
  },
];

/** @param {string | null} uid null: of the whole study @param {number} offset @param {number} limit */
export function images(uid, offset, limit) {
  const total = uid === null ? 1148 : uid.endsWith("-1") ? 2 : uid.endsWith("-3") ? 1 : 1145;
  // The last of the whole study is its report.
  const written = (/** @type {number} */ at) => uid?.endsWith("-3") || (uid === null && at === total - 1);
  const rows = Array.from({ length: Math.max(0, Math.min(limit, total - offset)) }, (_, at) => ({
    picture: `${written(offset + at) ? "none" : "i"}-${offset + at}`,
    number: String(offset + at + 1),
    frames: uid?.endsWith("-1") ? 24 : 1,
    bytes: 524_288,
    warning: null,
  }));
  return { total, rows };
}

/** @param {string} token */
export const header = (token) =>
  token.startsWith("none")
    ? {
        frames: 1,
        rows: 0,
        columns: 0,
        modality: "SR",
        center: null,
        width: null,
        unit: null,
        placeholder: { code: "report" },
        lines: [],
      }
    : {
        frames: 1,
        rows: 512,
        columns: 512,
        modality: "CT",
        center: 40,
        width: 400,
        unit: "HU",
        placeholder: null,
        lines: [
          { tag: "0008,0060", name: "Modality", value: "CT" },
          { tag: "0018,0050", name: "Slice Thickness", value: "1.0" },
          { tag: "0008,103E", name: "Series Description", value: "Lung 1.0 mm, sharp kernel" },
        ],
      };
