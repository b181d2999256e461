//! The CLASP router as published, on a loopback port: `interop-router [port] [session timeout] [rate]`.
//!
//! Port 0 is a free one; the timeout is in seconds, the rate in messages a second
//! of one session. Prints `listening on 127.0.0.1:<port>` once it
//! accepts connections, then `sessions <count>` whenever their number has changed. Ends when its
//! standard input closes, so that it cannot outlive the process that started it, or on SIGTERM.
use clasp_router::{Router, RouterConfig};
use clasp_transport::{TransportServer, WebSocketServer};
use std::num::ParseIntError;
use std::{env, error::Error, io, process, str::FromStr, thread, time::Duration};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = argument(1, 0)?;
    let config = RouterConfig::default();
    let session_timeout = argument(2, config.session_timeout)?;
    let max_messages_per_second = argument(3, config.max_messages_per_second)?;
    let router = Router::new(RouterConfig { session_timeout, max_messages_per_second, ..config });
    let server = WebSocketServer::bind(&format!("127.0.0.1:{port}")).await?;
    println!("listening on {}", server.local_addr()?);
    thread::spawn(end_with_stdin);
    tokio::select! {
        result = router.serve_on(server) => Ok(result?),
        never = tell_sessions(&router) => never,
    }
}

fn argument<T: FromStr<Err = ParseIntError>>(place: usize, default: T) -> Result<T, ParseIntError> {
    Ok(match env::args().nth(place) {
        Some(text) => text.parse()?,
        None => default,
    })
}

async fn tell_sessions(router: &Router) -> ! {
    let mut last = 0;
    loop {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let count = router.session_count();
        if count != last {
            println!("sessions {count}");
        }
        last = count;
    }
}

fn end_with_stdin() {
    let _ = io::copy(&mut io::stdin(), &mut io::sink());
    process::exit(0);
}
