use std::io::{Read, Write};
use std::{env, error::Error, net::TcpStream};

// Call it in the handler, at each invocation: a value kept from the start outlives its rotation,
// and the extension answers from memory.
fn secret(name: &str) -> Result<String, Box<dyn Error>> {
    let port = env::var("CLEF_AGENT_PORT").unwrap_or_else(|_| "7779".into());
    let token = env::var("AWS_SESSION_TOKEN")?;
    let mut agent = TcpStream::connect(format!("127.0.0.1:{port}"))?;
    let request = format!(
        "GET /v1/secrets/{name} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
         Accept: text/plain\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    agent.write_all(request.as_bytes())?;
    let mut answer = String::new();
    agent.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status != "200" {
        return Err(format!("{name}: {status} {body}").into());
    }
    Ok(body.into())
}

fn main() -> Result<(), Box<dyn Error>> {
    print!("{}", secret("DATABASE_URL")?);
    Ok(())
}
