//! FreeSWITCH: the private keypad, by Event Socket.
//!
//! Two kinds of connection. The **control** connection (ours to FreeSWITCH) gives every order and hears
//! every ordinary event; no digit ever reaches it. For each payment FreeSWITCH opens one **private**
//! connection to us, to which the sealed leg's keys are diverted from everybody else.
//!
//! # Control connection
//! `auth PASSWORD`, then one subscription, never DTMF, RECV_INFO or ALL:
//!
//! ```text
//! event plain CHANNEL_APPLICATION CHANNEL_PARK CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_HANGUP RECORD_START
//!             RECORD_STOP MEDIA_BUG_STOP PLAYBACK_STOP DETECTED_TONE BACKGROUND_JOB HEARTBEAT
//! ```
//!
//! | Event | Headers read |
//! |---|---|
//! | CHANNEL_APPLICATION | `Unique-ID`, `Other-Leg-Unique-ID`, `tg_code` (`pay`), `tg_ref` (keys of a reference variant), `tg_key` (`*1`…) |
//! | CHANNEL_PARK, CHANNEL_HANGUP | `Unique-ID` |
//! | CHANNEL_BRIDGE, CHANNEL_UNBRIDGE | `Unique-ID`, `Other-Leg-Unique-ID` |
//! | RECORD_START, RECORD_STOP | `Unique-ID`, `Record-File-Path` |
//! | MEDIA_BUG_STOP | `Unique-ID`, `Media-Bug-Function`, `Media-Bug-Target` |
//! | PLAYBACK_STOP | `Unique-ID` |
//! | DETECTED_TONE | `Unique-ID`, `Detected-Tone` |
//!
//! Commands, all `api` unless said otherwise (A: the customer's leg, B: the agent's):
//!
//! | For | Command |
//! |---|---|
//! | greeting, liveness | `version`, then `status` every few seconds without traffic |
//! | the dialplan's lease | `global_setvar tonegate_up=1`, `sched_del tonegate_dead`, `sched_api +10 tonegate_dead global_setvar tonegate_up=0` |
//! | orphans, `find` | `show channels as json` (`uuid`, `direction`, `cid_num`, `dest`, `callee_num`, `presence_data`, `presence_id`) |
//! | what is known of a leg | `uuid_exists A`, `uuid_getvar A NAME` (`_undef_` if it is not set) |
//! | sealing | `uuid_setvar A sensitive_dtmf true`, `uuid_setvar A presence_data tg:PAYMENT`, `uuid_setvar A tonegate_nonce NONCE`, `uuid_setvar A hangup_after_bridge true`, `uuid_dual_transfer A tonegate_customer/XML/tonegate tonegate_agent/XML/tonegate`, `uuid_bridge A B`, `uuid_media [off ]A` |
//! | agent's keys | `sendmsg B` execute `bind_digit_action` `tgctl,=~^[*][12349],exec[i]:event,tg_key=\${last_matching_digits}`; afterwards `digit_action_set_realm` and `clear_digit_action` |
//! | shield | `uuid_buglist LEG`, `uuid_record LEG mask\|unmask PATH`, `uuid_audio A start read mute 1`, `uuid_audio A stop`, `sendmsg A` execute `spandsp_start_dtmf`, `spandsp_stop_dtmf` |
//! | prompts in a bridge | `uuid_displace LEG start FILE 0 mux`, `uuid_displace LEG stop FILE` |
//! | prompts in self-service | `sendmsg A` execute `playback` FILE, `uuid_break A all` |
//! | release | `uuid_setvar A NAME` without a value, `uuid_flush_dtmf A`, `uuid_kill A` |
//! | self-test | `bgapi originate {…}null/tonegate tonegate_customer XML tonegate`, `uuid_recv_dtmf A ~N`, `uuid_kill` |
//!
//! # Private connection
//! FreeSWITCH dials us from the dialplan (`socket 127.0.0.1:8085 async full`). We send, in this order:
//! `connect` (answered by a `command/reply` that holds the channel: `Unique-ID`,
//! `variable_tonegate_nonce`), `myevents`, `divert_events on`, and `sendmsg` execute `bind_digit_action`
//! `tgkeys,~^[0-9*#],api:uuid_setvar,A last_matching_digits`. A key is a `text/event-plain` frame without
//! `Event-Name` that holds `digits: 4` (percent-encoded: `#` comes as `%23`). To release: `sendmsg` execute
//! `clear_digit_action` `all`, `divert_events off`, then the connection is closed.
//!
//! # Dialplan
//! The context `tonegate` holds two extensions: `tonegate_customer` (`socket …`, then `park`) and
//! `tonegate_agent` (`park`). See `dialplan/freeswitch/`.
