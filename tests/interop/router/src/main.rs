//! The CLASP router as published, on a loopback port: `interop-router [port]`, 0 for a free one.
//!
//! Prints `listening on 127.0.0.1:<port>` once it accepts connections. Ends when its standard
//! input closes, so that it cannot outlive the process that started it, or on SIGTERM.
use clasp_router::{Router, RouterConfig};
use clasp_transport::{TransportServer, WebSocketServer};
use std::io;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port: u16 = match std::env::args().nth(1) {
        Some(text) => text.parse()?,
        None => 0,
    };
    let server = WebSocketServer::bind(&format!("127.0.0.1:{port}")).await?;
    println!("listening on {}", server.local_addr()?);
    std::thread::spawn(end_with_stdin);
    Router::new(RouterConfig::default()).serve_on(server).await?;
    Ok(())
}

fn end_with_stdin() {
    let _ = io::copy(&mut io::stdin(), &mut io::sink());
    std::process::exit(0);
}
