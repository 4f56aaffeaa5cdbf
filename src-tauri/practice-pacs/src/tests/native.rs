//! Orthanc's own interface.

use super::*;

fn peer() -> Peer {
    Peer::with(|options| (options.dicomweb, options.orthanc_rest) = (false, true))
}

#[test]
fn a_file_is_stored_found_and_compared() {
    let peer = peer();
    let instance = Instance::new(Kind::Ct);
    let store = |instance: &Instance| {
        peer.http
            .post("/instances", "application/dicom", &instance.bytes())
            .unwrap()
            .json()
            .unwrap()
    };
    let first = store(&instance);
    assert_eq!(first["Status"], "Success");
    assert_eq!(store(&instance)["Status"], "AlreadyStored");
    assert_eq!(store(&instance.clone().altered())["Status"], "AlreadyStored");
    let id = first["ID"].as_str().unwrap();
    let lookup = |uid: &str| {
        peer.http.post("/tools/lookup", "text/plain", uid.as_bytes()).unwrap().json().unwrap()
    };
    assert_eq!(lookup(&instance.sop_uid())[0]["ID"], id);
    assert_eq!(lookup("1.2.3"), serde_json::json!([]));
    let md5 = peer.get(&format!("/instances/{id}/attachments/dicom/md5"));
    let wanted: String = <md5::Md5 as md5::Digest>::digest(instance.bytes())
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    assert_eq!(String::from_utf8(md5.body).unwrap(), wanted);
    assert_eq!(peer.get(&format!("/instances/{id}/file")).body, instance.bytes());
    let size = peer.get(&format!("/instances/{id}/attachments/dicom/size"));
    assert_eq!(String::from_utf8(size.body).unwrap(), instance.bytes().len().to_string());
    let find = format!(
        r#"{{"Level":"Instance","Query":{{"StudyInstanceUID":"{}"}}}}"#,
        instance.study_uid()
    );
    let found =
        peer.http.post("/tools/find", "application/json", find.as_bytes()).unwrap().json().unwrap();
    assert_eq!(found, serde_json::json!([id]));
    assert_eq!(peer.http.delete(&format!("/instances/{id}")).unwrap().status, 200);
    assert_eq!(peer.get(&format!("/instances/{id}")).status, 404);
    assert_eq!(peer.running.stored(), 0);
}

#[test]
fn what_is_no_dicom_is_a_bad_file() {
    let peer = peer();
    for body in [&b"junk"[..], b""] {
        let answer = peer.http.post("/instances", "application/dicom", body).unwrap();
        assert_eq!(
            (answer.status, answer.json().unwrap()["OrthancStatus"].as_u64()),
            (400, Some(15))
        );
    }
    assert_eq!(peer.http.post("/tools/find", "application/json", b"{").unwrap().status, 400);
}

#[test]
fn without_the_plugin_there_is_no_dicomweb() {
    let peer = peer();
    assert_eq!(peer.get("/system").json().unwrap()["ApiVersion"], 12);
    assert_eq!(peer.get("/dicom-web/studies").status, 404);
    assert_eq!(peer.store(&series(1)).status, 404);
}
