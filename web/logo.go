package web

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
)

// maxLogo is the largest logo in bytes: every page loads it once.
const maxLogo = 64 << 10

// CheckLogo reports whether a file can be a brand's logo: an SVG or PNG of at
// most 64 KiB. An SVG is shown as a picture, so what it may have of scripts does
// not run, and the pages' policy would forbid it.
func CheckLogo(file []byte) error {
	_, err := logoKind(file)
	return err
}

func logoKind(file []byte) (ext string, err error) {
	if len(file) > maxLogo {
		return "", fmt.Errorf("has %d bytes, and at most %d will do", len(file), maxLogo)
	}
	if http.DetectContentType(file) == "image/png" {
		return ".png", nil
	}
	text := bytes.TrimSpace(bytes.TrimPrefix(file, []byte("\xef\xbb\xbf")))
	if bytes.HasPrefix(text, []byte("<svg")) || bytes.HasPrefix(text, []byte("<?xml")) && bytes.Contains(text, []byte("<svg")) {
		return ".svg", nil
	}
	return "", errors.New("is neither an SVG nor a PNG")
}
