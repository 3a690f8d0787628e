import MoonTensor
import MoonTestSupport
import Testing

@Suite("Comparison of tensors") struct ExpectationsTests {
  @Test("accepts what is inside the tolerance and names the worst element outside it")
  func worstElement() throws {
    let wanted = try Tensor([0, 1, -2, 4], shape: [2, 2])
    let found = try Tensor([0, 1.5, -2, 3.25], shape: [2, 2])
    #expect(difference(found, wanted, atol: 0.75, rtol: 0) == nil)
    #expect(difference(found, wanted, atol: 0, rtol: 0.1875) == nil)
    #expect(
      difference(found, wanted, atol: 0.25, rtol: 0)
        == "2 of 4 elements are off; the worst, at [1, 1], is 3.25, wanted 4.0 (off by 0.75, allowed 0.25)")
  }

  @Test("compares shapes, NaN and infinity")
  func specialCases() throws {
    let wanted = try Tensor([.nan, .infinity], shape: [2])
    #expect(difference(wanted, wanted, atol: 0, rtol: 0) == nil)
    #expect(
      difference(try Tensor([.nan, 1], shape: [2]), wanted, atol: 1e30, rtol: 0)
        == "1 of 2 elements are off; the worst, at [1], is 1.0, wanted inf (off by inf, allowed 1e+30)")
    #expect(
      difference(try Tensor([0, .infinity], shape: [2]), wanted, atol: 1, rtol: 0)
        == "1 of 2 elements are off; the worst, at [0], is 0.0, wanted nan (off by inf, allowed 1.0)")
    #expect(
      difference(try Tensor([0, 1], shape: [1, 2]), wanted, atol: 1, rtol: 0) == "the shape is [1, 2], wanted [2]")
  }

  @Test("fails a test that compares different tensors")
  func failure() throws {
    let one = try Tensor([1], shape: [1])
    withKnownIssue { expectExact(one, try Tensor([2], shape: [1])) }
    expectExact(one, one)
  }
}
