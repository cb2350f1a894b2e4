//! Reads the closing lines of cargo's test runner and adds them up.

/// Tests counted over all test binaries and documentation tests of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct TestCount {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl TestCount {
    /// Adds up every `test result:` line of an output.
    pub(crate) fn from_output(output: &str) -> Self {
        let mut sum = Self::default();
        for line in output.lines() {
            // test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; ...
            let Some(result) = line.strip_prefix("test result: ") else {
                continue;
            };
            for field in result.split([';', '.']) {
                let mut words = field.split_whitespace();
                let (Some(number), Some(what), None) = (words.next(), words.next(), words.next())
                else {
                    continue;
                };
                let Ok(number) = number.parse::<u64>() else {
                    continue;
                };
                match what {
                    "passed" => sum.passed += number,
                    "failed" => sum.failed += number,
                    "ignored" => sum.ignored += number,
                    _ => {}
                }
            }
        }
        sum
    }

    /// Adds the tests of another step.
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }

    /// Whether no test was executed.
    pub(crate) const fn is_empty(self) -> bool {
        self.passed == 0 && self.failed == 0
    }
}

/// The plain closing line, `N passed, N failed`; skipped ones are named only when there are any.
impl std::fmt::Display for TestCount {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)?;
        if self.ignored > 0 {
            write!(formatter, ", {} skipped", self.ignored)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_added_up() {
        let cases: [(&str, &str); 5] = [
            ("", "0 passed, 0 failed"),
            (
                "running 4 tests\ntest a ... ok\n\ntest result: ok. 4 passed; 0 failed; 0 ignored; \
                 0 measured; 0 filtered out; finished in 0.31s\n",
                "4 passed, 0 failed",
            ),
            (
                "test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n\
                 test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 7 filtered out\n",
                "14 passed, 2 failed",
            ),
            (
                "test result: ok. 1 passed; 0 failed; 3 ignored; 0 measured; 0 filtered out\n",
                "1 passed, 0 failed, 3 skipped",
            ),
            (
                "a test printed: test result: 9 passed\n",
                "0 passed, 0 failed",
            ),
        ];
        for (output, expected) in cases {
            assert_eq!(
                TestCount::from_output(output).to_string(),
                expected,
                "{output}"
            );
        }
    }

    #[test]
    fn a_run_of_ignored_tests_only_counts_as_empty() {
        let output = "test result: ok. 0 passed; 0 failed; 3 ignored; 0 measured";
        assert!(TestCount::from_output(output).is_empty());
    }
}
