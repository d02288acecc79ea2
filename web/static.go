package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed static
var staticFiles embed.FS

// assets are the files of static/ under names that hold their hash, so that
// they may be kept for ever.
type assets struct {
	named  map[string]string // file name → address
	served map[string]asset  // hashed name → content
}

type asset struct {
	kind string
	body []byte
}

var assetKinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

func newAssets() (assets, error) {
	as := assets{named: map[string]string{}, served: map[string]asset{}}
	files, err := fs.ReadDir(staticFiles, "static")
	if err != nil {
		return as, err
	}
	for _, f := range files {
		body, err := staticFiles.ReadFile("static/" + f.Name())
		if err != nil {
			return as, err
		}
		ext := path.Ext(f.Name())
		kind, ok := assetKinds[ext]
		if !ok {
			return as, fmt.Errorf("web: no content type for static/%s", f.Name())
		}
		sum := sha256.Sum256(body)
		name := strings.TrimSuffix(f.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		as.named[f.Name()], as.served[name] = "/static/"+name, asset{kind, body}
	}
	return as, nil
}

// url is where a file is served.
func (as assets) url(name string) (string, error) {
	u, ok := as.named[name]
	if !ok {
		return "", fmt.Errorf("web: there is no static/%s", name)
	}
	return u, nil
}

// static serves what never changes under its name.
func static(v *visit) error {
	a, ok := v.p.assets.served[v.r.PathValue("file")]
	if !ok {
		return &fault{status: http.StatusNotFound}
	}
	h := v.w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Del("Vary")
	_, _ = v.w.Write(a.body) // whoever asked has gone
	return nil
}
