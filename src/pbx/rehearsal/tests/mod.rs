//! Stories about the rehearsal PBX itself.
