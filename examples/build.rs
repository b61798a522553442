fn main() {
    for path in std::env::args().skip(1) {
        let text = std::fs::read_to_string(&path).unwrap();
        let rec: _swallow::bytecode::Recording = serde_json::from_str(&text).unwrap();
        match _swallow::frontend::build(&rec.code, &rec, &Default::default()) {
            Ok(f) => println!("{f}"),
            Err(e) => println!("{path}: {e}"),
        }
    }
}
