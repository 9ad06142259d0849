//! The daemon's own door.

use tokio_util::sync::CancellationToken;

use super::*;

#[tokio::test]
async fn commands_are_done_by_the_daemon_while_it_runs() {
    let house = House::new().await;
    let file = house.people.store.file().to_owned();
    assert!(door::ask(&file, &Act::ListPeople).await.unwrap().is_none(), "nobody is there");
    // What a daemon that was killed leaves behind is in nobody's way.
    drop(std::os::unix::net::UnixListener::bind(door::path(&file)).unwrap());
    assert!(door::ask(&file, &Act::ListPeople).await.unwrap().is_none());

    let stop = CancellationToken::new();
    let running = door::open(&house.people, stop.clone()).unwrap();
    let mode = std::fs::metadata(door::path(&file)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    door::ask(&file, &Act::AddPerson(new("anna", &[Role::Admin]))).await.unwrap().unwrap();
    let twice = door::ask(&file, &Act::AddPerson(new("anna", &[Role::Admin]))).await.unwrap_err();
    assert_eq!(twice.to_string(), "there is a person named `anna` already; choose another name");
    match door::ask(&file, &Act::ListPeople).await.unwrap() {
        Some(Done::People(people)) => assert_eq!(people[0].name, "anna"),
        other => panic!("{other:?}"),
    }
    let scopes = vec![Scope::Events];
    let new = NewKey { name: "wallboard".into(), scopes, expires_at_ms: None };
    match door::ask(&file, &Act::MakeKey(new)).await.unwrap() {
        Some(Done::Key(key)) => assert!(house.people.key_holder(key.expose()).await.unwrap().is_some()),
        other => panic!("{other:?}"),
    }
    let own = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(&file).unwrap());
    let row = format!("shell:{own} | person added | person:anna | roles: admin");
    assert!(house.trail().await.contains(&row));

    stop.cancel();
    running.await.unwrap();
    assert!(!door::path(&file).exists());
}

#[tokio::test]
async fn a_line_that_is_none_is_answered_with_words() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let house = House::new().await;
    let stop = CancellationToken::new();
    let running = door::open(&house.people, stop.clone()).unwrap();
    let mut stream = tokio::net::UnixStream::connect(door::path(house.people.store.file())).await.unwrap();
    stream.write_all(b"{\"burn_down\":true}\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("of another release"), "{answer}");
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_store_may_stand_deep_below() {
    let deep = ["a-name-that-nobody-would-type"; 8].join("/");
    let house = House::below(&deep).await;
    let file = house.people.store.file().to_owned();
    assert!(door::path(&file).as_os_str().len() > 200);
    assert!(door::ask(&file, &Act::ListPeople).await.unwrap().is_none(), "nobody is there");
    let stop = CancellationToken::new();
    let running = door::open(&house.people, stop.clone()).unwrap();
    assert!(matches!(door::ask(&file, &Act::ListPeople).await.unwrap(), Some(Done::People(_))));
    let mode = std::fs::metadata(door::path(&file)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    stop.cancel();
    running.await.unwrap();
    assert!(!door::path(&file).exists());
    let gone = file.with_file_name("x").join("payments.sqlite");
    assert!(door::ask(&gone, &Act::ListPeople).await.unwrap().is_none(), "not even a directory is there");

    let long = file.with_file_name("x".repeat(120));
    let told = door::ask(&long, &Act::ListPeople).await.unwrap_err().to_string();
    assert!(told.contains("choose a shorter store.path"), "{told}");
}
