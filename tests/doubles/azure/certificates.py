"""A certificate authority of the double's own and what it signs, by the openssl program: for loopback only, two days long."""
import subprocess


def run(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def make_server_certificate(folder):
    """Writes ca.pem, server.pem and server.key into folder."""
    ca_key, ca, key, request, certificate = (folder / name for name in ("ca.key", "ca.pem", "server.key", "server.csr", "server.pem"))
    if certificate.exists():
        return ca, certificate, key
    extensions = folder / "server.ext"
    extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", ca_key, "-out", ca, "-days", "2", "-subj", "/CN=double CA",
        "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", "/CN=localhost")
    run("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-out", certificate, "-days", "2",
        "-extfile", extensions)
    return ca, certificate, key


def make_client_certificate(folder, name="client"):
    """An application's certificate with its RSA key in one PEM file; returns (PEM file, certificate alone)."""
    key, certificate, both = (folder / f"{name}{end}" for end in (".key", ".crt", ".pem"))
    run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", f"/CN={name}")
    both.write_text(key.read_text() + certificate.read_text())
    both.chmod(0o600)
    return both, certificate
