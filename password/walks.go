package password

// walks are the ways a finger or the memory goes without thinking. Both
// directions count.
var walks = []string{
	"01234567890123456789",
	"00112233445566778899",
	"02468024680",
	"13579135791",
	"147258369", "159357", "741852963", "963852741",
	"abcdefghijklmnopqrstuvwxyzabc",
	"aabbccddeeffgghhiijjkkllmmnnooppqqrrssttuuvvwwxxyyzz",
	"a1b2c3d4e5f6g7h8i9",
	// keyboards: rows, columns, diagonals, and the digits' row with shift
	"qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./",
	"qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn",
	"1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
	"qazwsxedcrfvtgbyhnujmikolp",
	"zaq1xsw2cde3vfr4bgt5nhy6mju7",
	"1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0",
	"a1s2d3f4g5h6j7k8l9", "1a2s3d4f5g6h7j8k9l", "1z2x3c4v5b6n7m",
	"qawsedrftgyhujikolp",
	"!@#$%^&*()_+", "!\"#$%&'()=", "!qaz@wsx#edc$rfv",
	// Japanese and Korean order
	"あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん",
	"アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン",
	"いろはにほへとちりぬるを", "イロハニホヘトチリヌルヲ",
	"가나다라마바사아자차카타파하", "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ", "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ", "ㅁㄴㅇㄹㅎㅗㅓㅏㅣ",
}

// steps holds every three neighbours of a walk, so that a walk of any length is
// found by going from three to the next three.
var steps = func() map[[3]rune]bool {
	s := map[[3]rune]bool{}
	for _, w := range walks {
		// Folded as passwords are: NFKC changes the Korean letters.
		r := fold(w)
		for i := range len(r) - 2 {
			s[[3]rune{r[i], r[i+1], r[i+2]}] = true
			s[[3]rune{r[i+2], r[i+1], r[i]}] = true
		}
	}
	return s
}()

// walkLength returns how many characters from the start of s are along a walk; 0
// if fewer than three are.
func walkLength(s []rune) int {
	n := 0
	for len(s) >= n+3 && steps[[3]rune(s[n:n+3])] {
		n++
	}
	if n == 0 {
		return 0
	}
	return n + 2
}
