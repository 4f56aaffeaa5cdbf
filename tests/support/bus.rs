//! A session bus for programs that are driven on a screen nobody sees.

/// Its configuration: it starts nothing by itself, since what a desktop's portals mount in the home folder would outlive
/// the test. Passed to `dbus-daemon` or `dbus-run-session` as `--config-file`.
pub const CONFIG: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;
