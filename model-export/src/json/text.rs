//! Texts in quotes.

use super::Reader;

impl Reader<'_> {
    /// Reads a text; nothing but a quote may be next.
    pub(super) fn string(&mut self) -> Option<String> {
        self.take(b'"')?;
        let mut text = Vec::new();
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => {
                    self.offset += 1;
                    let character = self.escape()?;
                    text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
                0..0x20 => return None,
                byte => {
                    self.offset += 1;
                    text.push(byte);
                }
            }
        }
        self.offset += 1;
        String::from_utf8(text).ok()
    }

    fn escape(&mut self) -> Option<char> {
        let character = match self.peek()? {
            byte @ (b'"' | b'\\' | b'/') => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.offset += 1;
                return self.unicode();
            }
            _ => return None,
        };
        self.offset += 1;
        Some(character)
    }

    /// Four digits, or twice four where the first half is of a surrogate pair.
    fn unicode(&mut self) -> Option<char> {
        let unit = self.hexadecimal()?;
        if !(0xd800..0xdc00).contains(&unit) {
            return char::from_u32(unit);
        }
        self.take(b'\\')?;
        self.take(b'u')?;
        let low = self.hexadecimal()?;
        let low = low.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
        char::from_u32(0x10000 + ((unit - 0xd800) << 10) + low)
    }

    fn hexadecimal(&mut self) -> Option<u32> {
        let mut number = 0;
        for _ in 0..4 {
            number = number << 4 | char::from(self.peek()?).to_digit(16)?;
            self.offset += 1;
        }
        Some(number)
    }
}
